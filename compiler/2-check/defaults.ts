import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { misfit } from "../json-schema/fits.js";
import { below, isObject, partsOf, type Part } from "../json-schema/in-place.js";
import { locateNearest } from "../json-schema/pointer.js";
import { mentions } from "../json-schema/resource.js";
import type { SelfContained } from "../json-schema/self-contained.js";
import { applicators } from "../json-schema/walk.js";
import type { Json } from "../model/source.js";

const keyword: ReadonlySet<string> = new Set(["default"]);

/** Reports each default that its own schema rejects. */
export function checkDefaults({ schema, plain = schema, written }: SelfContained): Diagnostic[] {
  if (!isObject(plain as Json) || !mentions(plain, keyword)) return [];
  const found: Diagnostic[] = [];
  const report = (tokens: readonly string[], reason: string): void => {
    const [section, name = "", ...rest] = tokens;
    const copy = section === "$defs" ? written.copied.get(name) : undefined;
    const at = copy ? locateNearest(copy, rest) : locateNearest(written.root, tokens);
    found.push(diagnose("schema/invalid-default", at.span, { reason }));
  };
  const visit = (part: Part): void => {
    if (!isObject(part.schema)) return;
    const preset = below(part, "default");
    const reason = preset && misfit(plain, part, preset.schema);
    if (reason !== undefined) report(preset!.tokens, reason);
    for (const held of heldParts(part)) visit(held);
  };
  visit({ schema: plain, tokens: [] });
  return found;
}

function heldParts(part: Part): Part[] {
  return Object.keys(part.schema as object).flatMap((key) => {
    const how = applicators.get(key);
    if (how === undefined) return [];
    if (how === "schema" || how === "schema-or-list") return below(part, key) ?? [];
    // The schema of a property called "__proto__" is rewritten for ajv, so the property is skipped.
    return partsOf(part, key).flatMap(([name, held]) => (name === "__proto__" ? [] : [held]));
  });
}
