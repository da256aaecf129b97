import type { Compilation, Options } from "../compile.js";
import { byPlace } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { fingerprint } from "./fingerprint.js";
import type { Memory } from "./again.js";
import { everIn } from "./ever.js";
import { lastingIn } from "./lasting.js";
import { earlierFiles, recorder, seenBy, type BuildRecord } from "./record.js";
import { leave, stored, type StoredFile } from "./stored.js";

/** Of this process: its code does not change. */
let compiler: string | undefined;

/**
 * `compile`, unless nothing has changed since the last build: then its outcome is told again. The compiler itself is
 * loaded only where there is something to do. `files` are those that builds leave to later ones.
 */
export async function compileIncrementally(
  host: Host,
  options: Options,
  files: (name: string) => StoredFile,
  remembered?: Memory,
): Promise<Compilation> {
  const file = files("build.json");
  const bytes = file.read();
  const text = bytes && Buffer.from(bytes).toString();
  const last = remembered?.record?.text === text ? remembered?.record?.value : parsed(text);
  const known = options.force || options.prune || options.rename ? undefined : last;
  const seen = known && seenBy(known, host);
  // What changes most often is looked at first: what will be waited for begins.
  const changed = !seen?.sourcesHold();
  if (changed) options.preparing?.();
  compiler ??= fingerprint();
  if (known && !changed && known.compiler === compiler && seen!.restHolds()) return outcomeOf(known, options.mode);
  if (!changed) options.preparing?.();
  const { compile } = await import("../compile.js");
  const { host: recording, record, looked } = recorder(host);
  const now = remembered?.next();
  const { earlier, untouched, made } = earlierFiles(known?.compiler === compiler ? known : undefined, recording);
  const again = now && { again: now.again, once: now.once(recording) };
  const kept = options.force ? undefined : stored(files, compiler, options.mode === "build");
  const lasts = remembered?.lasts ?? (kept && lastingIn(kept));
  // In a process that stays, most is not asked for again.
  if (remembered && lasts) remembered.lasts = lasts;
  const left = { ...(kept && { stored: kept }), ...(lasts && { lasting: lasts.lasting }) };
  const evers = kept && !remembered ? everIn(kept) : undefined;
  const compilation = await compile(recording, {
    ...options,
    earlier,
    untouched,
    ...again,
    ...left,
    ...(evers && { ever: evers.ever }),
  });
  const { diagnostics, unwritten, summary, inputs } = compilation;
  // A mistake in the manifests writes nothing at all.
  if (!remembered && summary) lasts?.leave();
  const wentWell = summary && diagnostics.every(({ severity }) => severity !== "error");
  if (options.mode === "build" && wentWell) {
    const value = record(
      { compiler, summary, warnings: diagnostics, unwritten, made: Object.fromEntries(made) },
      inputs,
    );
    const text = JSON.stringify(value);
    leave(file, text);
    if (remembered) remembered.record = { text, value };
  } else evers?.leaveTexts();
  return { ...compilation, inputs: [...new Set([...looked(), ...inputs])] };
}

/** The outcome of a build that changes nothing. */
function outcomeOf({ warnings, unwritten, summary, files }: BuildRecord, mode: Options["mode"]): Compilation {
  const diagnostics = mode === "check" ? [...warnings, ...unwritten].sort(byPlace) : warnings;
  return { diagnostics, changed: [], unwritten, summary, inputs: Object.keys(files) };
}

/** A record that is damaged, or of another version, is none. */
function parsed(text: string | undefined): BuildRecord | undefined {
  try {
    const record = JSON.parse(text ?? "null") as BuildRecord | null;
    return record?.summary?.serving && record.files && record.searches ? record : undefined;
  } catch {
    return undefined;
  }
}
