import { readEdited, type Edited, type Section, type Written } from "../1-read/edited.js";
import { check } from "../2-check/index.js";
import { lower } from "../3-lower/index.js";
import { validatorsMadeOf } from "../4-emit/generated.js";
import type { Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Before } from "../incremental/ever.js";
import type { Edit } from "../model/edit.js";
import type { Server, Tool } from "../model/server.js";
import type { JsonObject } from "../model/source.js";
import { movedServer } from "./moved.js";

interface Known {
  readonly server: Server;
  /** By module of validators: what its text depends on. */
  readonly validators: ReadonlyMap<string, string>;
}

interface WithEdited extends Known {
  readonly written: Written;
  /** Where the entry is a tool. */
  readonly edit?: Edit;
}

/**
 * What manifests come to in which one entry was edited, where that means nothing to all others: read, checked and lowered
 * is this one alone. Undefined where that is not so, or there is anything to be told.
 */
export function withEdited(
  host: Host,
  { output, basis, changed }: Before<Result<Known>, Written>,
): WithEdited | undefined {
  const [path, ...more] = changed;
  const { value: known, diagnostics } = output;
  if (path === undefined || more.length > 0 || !known || diagnostics.length > 0) return undefined;
  const written = basis();
  const edited = written && readEdited(host, path, written);
  if (!edited || !isOfItsOwn(edited)) return undefined;
  const alone = serverOf(edited, host);
  const { section, index, move } = edited;
  const moved = movedServer(known.server, move);
  const [before, after] = [moved[section][index]!, alone?.[section][0]];
  if (!alone || !after || namesOf(before) !== namesOf(after)) return undefined;
  const server = { ...moved, [section]: (moved[section] as readonly unknown[]).with(index, after) };
  return {
    server,
    written: edited.written,
    validators: new Map([...known.validators, ...validatorsMadeOf({ ...alone, ...only(section, after) })]),
    ...(section === "tools" && { edit: { server, index, before: before as Tool, after: after as Tool } }),
  };
}

/** Without what is not written in a manifest, which may have other names in a smaller server. */
function only(section: Section, entry: Server[Section][number]): Pick<Server, Section> {
  return { tools: [], resources: [], resourceTemplates: [], prompts: [], [section]: [entry] };
}

/** Members on which nothing depends but the entry itself. */
const own: ReadonlySet<string> = new Set([
  "title",
  "description",
  "icons",
  "annotations",
  "_meta",
  "mimeType",
  "inputSchema",
  "outputSchema",
  "params",
  "examples",
]);

function isOfItsOwn({ before, after }: Edited): boolean {
  const others = (value: unknown): string =>
    JSON.stringify(Object.entries(value as JsonObject).filter(([key]) => !own.has(key)));
  return others(before.value) === others(after.value);
}

function serverOf({ sources }: Edited, host: Host): Server | undefined {
  const checked = check(sources, host);
  if (!checked.value || checked.diagnostics.length > 0) return undefined;
  const lowered = lower(checked.value);
  return lowered.diagnostics.length === 0 ? lowered.value : undefined;
}

/** The names that an entry was given: without all others, it may be given another one. */
function namesOf(entry: Server[Section][number]): string {
  const answers = "elicitations" in entry ? entry.elicitations.map(({ answer }) => answer?.type) : [];
  const handler = "handler" in entry ? entry.handler : "handler" in entry.source ? entry.source.handler : undefined;
  const completions = "completions" in entry ? entry.completions : [];
  const list = "list" in entry ? entry.list : undefined;
  const type = entry.kind === "prompt" ? entry.type : entry.kind === "tool" ? entry.filling?.type : undefined;
  return JSON.stringify([type, handler, answers, completions, list]);
}
