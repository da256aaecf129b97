import { readEdited, type Edited, type Section, type Written } from "../1-read/edited.js";
import { check } from "../2-check/index.js";
import { lower } from "../3-lower/index.js";
import type { Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import type { Outcomes } from "../incremental/again.js";
import type { Before } from "../incremental/ever.js";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";
import { movedServer } from "./moved.js";

interface Known {
  readonly server: Server;
  readonly written?: Written;
  readonly outcomes: Outcomes;
}

/**
 * The server of manifests in which one entry was edited, where that means nothing to all others: read, checked and lowered
 * is this one alone. Undefined where that is not so, or there is anything to be told.
 */
export function withEdited(host: Host, { output, changed }: Before<Result<Known>>): Required<Known> | undefined {
  const [path, ...others] = changed;
  const { value: known, diagnostics } = output;
  if (path === undefined || others.length > 0 || !known?.written || diagnostics.length > 0) return undefined;
  const edited = readEdited(host, path, known.written);
  if (!edited || !isOfItsOwn(edited)) return undefined;
  const alone = serverOf(edited, host);
  const { section, index, move } = edited;
  const server = movedServer(known.server, move);
  const [entry] = alone?.[section] ?? [];
  if (!entry || namesOf(entry) !== namesOf(server[section][index]!)) return undefined;
  return {
    server: { ...server, [section]: (server[section] as readonly unknown[]).with(index, entry) },
    written: edited.written,
    outcomes: known.outcomes,
  };
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
  const type = entry.kind === "prompt" ? entry.type : undefined;
  return JSON.stringify([type, handler, answers, completions]);
}
