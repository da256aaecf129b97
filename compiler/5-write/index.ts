import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { verifyHeader } from "../generated-header.js";
import { bytesOf, hashAt, hashOf, textOf, type Change, type Host } from "../host.js";
import { applyInsertions, isStanding, type Insertions, type OutputFile } from "../model/output.js";

/** Returns the changes on disk after which the project holds `files`, and nothing more. */
export interface Plan {
  readonly changes: readonly Change[];
}

export interface Planning {
  /** Patterns of files that are ours alone. */
  readonly sweep: readonly string[];
  /** Overwrite generated files that somebody edited. */
  readonly force: boolean;
  /** Whether a file is as the last build left it: then it is ours, and its hash says what it holds. */
  readonly untouched: (path: string) => boolean;
}

/**
 * Compares the files wanted with the files there. Generated files that are no longer wanted go; files of the user's
 * are created or inserted into, never replaced.
 */
export function plan(files: readonly OutputFile[], host: Host, options: Planning): Result<Plan> {
  const diagnostics: Diagnostic[] = [];
  const changes: Change[] = [];
  for (const file of files) {
    if (isStanding(file.content)) continue;
    if (isWhole(file.content) && file.owner !== "user" && options.untouched(file.path)) {
      changes.push(...changeOf(file, file.content, host));
      continue;
    }
    const present = host.read(file.path);
    const content = wanted(file, present);
    if (content === undefined) continue;
    const refusal = present && !options.force ? refuse(file, present) : undefined;
    if (refusal) diagnostics.push(refusal);
    else changes.push(changeTo(file, typeof content === "string" ? bytesOf(content) : content));
  }
  const kept = new Set(files.map((file) => file.path));
  for (const path of host.find(options.sweep, [])) {
    if (kept.has(path)) continue;
    const isOurs = options.untouched(path) || verifyHeader(textOf(host.read(path) ?? new Uint8Array())) === "ours";
    if (isOurs) changes.push({ path });
  }
  return { value: { changes }, diagnostics };
}

function changeTo({ path, executable }: OutputFile, bytes: Uint8Array): Change {
  return { path, bytes, ...(executable && { executable }) };
}

function isWhole(content: OutputFile["content"]): content is string | Uint8Array {
  return typeof content === "string" || content instanceof Uint8Array;
}

/** Returns the change of a file that is as the last build saw it. */
function changeOf(file: OutputFile, content: string | Uint8Array, host: Host): Change[] {
  const bytes = typeof content === "string" ? bytesOf(content) : content;
  if (hashOf(bytes) === hashAt(host, file.path)) return [];
  const present = host.read(file.path);
  const isSame = present?.includes(carriageReturn) && wanted(file, present) === undefined;
  return isSame ? [] : [changeTo(file, bytes)];
}

/** None is in what is wanted: where one is, version control has changed the ends of lines. */
const carriageReturn = 0x0d;

/** The texts of files as they will stand once they are written, by project path; but for those that stand already. */
export function textsOf(files: readonly OutputFile[], host: Host): Map<string, string> {
  return new Map(
    files
      .filter(({ content }) => !isStanding(content))
      .map((file) => {
        const present = host.read(file.path);
        const content = wanted(file, present) ?? present ?? "";
        return [file.path, typeof content === "string" ? content : textOf(content)];
      }),
  );
}

/** Returns the content to write; undefined when the file is right as it is. */
function wanted(file: OutputFile, present: Uint8Array | undefined): string | Uint8Array | undefined {
  const { content } = file;
  if (isStanding(content)) return undefined;
  if (typeof content === "object" && "insert" in content) return inserted(file.path, content, present);
  if (present && (file.owner === "user" || same(content, present))) return undefined;
  return content;
}

function inserted(path: string, content: Insertions, present: Uint8Array | undefined): string | undefined {
  if (content.insert.length === 0) return undefined;
  if (!present) throw new Error(`insertions into ${path}, which does not exist`);
  return applyInsertions(textOf(present), content.insert);
}

/** Version control may have turned line ends of text into CRLF: that is not a change. */
function same(content: string | Uint8Array, present: Uint8Array): boolean {
  if (typeof content !== "string") return Buffer.compare(present, content) === 0;
  const text = textOf(present);
  return text === content || text.replaceAll("\r\n", "\n") === content;
}

/** Insertions into bytes that are no UTF-8 would garble them; an edited generated file may hold somebody's work. */
function refuse(file: OutputFile, present: Uint8Array): Diagnostic | undefined {
  const start = { path: file.path, start: 0, end: 0 };
  if (file.owner === "user" && Buffer.compare(new TextEncoder().encode(textOf(present)), present) !== 0)
    return diagnose("handler/not-utf8", start, { path: file.path });
  if (file.owner !== "generated") return undefined;
  const verdict = verifyHeader(textOf(present));
  return verdict === "ours" ? undefined : diagnose("output/hand-edited", start, { path: file.path, verdict });
}
