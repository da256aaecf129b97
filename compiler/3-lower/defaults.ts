import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { below, isObject, partsOf, type Part } from "../json-schema/in-place.js";
import { locateNearest } from "../json-schema/pointer.js";
import { mentions } from "../json-schema/resource.js";
import { applicators } from "../json-schema/walk.js";
import type { Again } from "../model/again.js";
import type { Schema, Server } from "../model/server.js";
import type { Json, Located } from "../model/source.js";
import { misfit } from "./fits.js";
import { writtenOf } from "./schemas.js";

const keyword: ReadonlySet<string> = new Set(["default"]);

/** Every default is a value that its own schema allows. */
export function checkDefaults(server: Server, again: Again): Diagnostic[] {
  const { definitions, tools, resourceTemplates, prompts } = server;
  const answers = [...tools, ...prompts].flatMap(({ elicitations }) => elicitations.map(({ answer }) => answer));
  const schemas = [
    ...definitions,
    ...tools.flatMap(({ input, output }) => [input, output]),
    ...resourceTemplates.map(({ params }) => params),
    ...answers,
  ];
  const reported = new Set<Located>();
  return schemas.flatMap((schema) => {
    const written = schema && writtenOf(schema);
    if (!written) return [];
    return wrongDefaults(schema, again).flatMap(({ tokens, reason }) => {
      const [section, name = "", ...rest] = tokens;
      const copy = section === "$defs" ? written.copied.get(name) : undefined;
      const at = copy ? locateNearest(copy, rest) : locateNearest(written.root, tokens);
      if (reported.has(at)) return [];
      reported.add(at);
      return [diagnose("schema/invalid-default", at.span, { reason })];
    });
  });
}

interface WrongDefault {
  readonly tokens: readonly string[];
  readonly reason: string;
}

function wrongDefaults({ schema, plain = schema }: Schema, again: Again): readonly WrongDefault[] {
  if (!isObject(plain as Json) || !mentions(plain, keyword)) return [];
  return again("wrong defaults", plain as object, () => {
    const found: WrongDefault[] = [];
    const visit = (part: Part): void => {
      if (!isObject(part.schema)) return;
      const preset = below(part, "default");
      const reason = preset && misfit(plain, part, preset.schema);
      if (reason !== undefined) found.push({ tokens: preset!.tokens, reason });
      for (const held of heldParts(part)) visit(held);
    };
    visit({ schema: plain, tokens: [] });
    return found;
  });
}

function heldParts(part: Part): Part[] {
  return Object.keys(part.schema as object).flatMap((key) => {
    const how = applicators.get(key);
    if (how === undefined) return [];
    if (how === "schema" || how === "schema-or-list") return below(part, key) ?? [];
    // What a property called "__proto__" obeys is rewritten for ajv.
    return partsOf(part, key).flatMap(([name, held]) => (name === "__proto__" ? [] : [held]));
  });
}
