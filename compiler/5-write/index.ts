import { diagnose, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { verifyHeader } from "../generated-header.js";
import { bytesOf, hashAt, hashOf, textOf, type Change, type Host } from "../host.js";
import { applyInsertions, type Artifact, type Insertions, type IsUpToDate } from "../model/output.js";

/** Changes on disk after which the project holds the wanted files, and nothing more. */
export interface Plan {
  readonly changes: readonly Change[];
}

export interface Planning {
  /** Patterns of files that are ours alone. */
  readonly sweep: readonly string[];
  /** Overwrites generated files that the user has edited. */
  readonly force: boolean;
  readonly isUpToDate: IsUpToDate;
  /** Returns whether a file is as the last build wrote it. The hash of such a file stands for its content. */
  readonly isUnmodified: (path: string) => boolean;
}

/**
 * Compares the wanted files with the disk. Removes generated files that are no longer wanted. Creates files of the
 * user or inserts into them, and never replaces them.
 */
export function plan(files: readonly Artifact[], host: Host, options: Planning): Result<Plan> {
  const diagnostics: Diagnostic[] = [];
  const changes: Change[] = [];
  for (const file of files) {
    if (isUpToDate(file, options.isUpToDate)) continue;
    if (file.owner !== "user" && options.isUnmodified(file.path)) {
      changes.push(...changeOf(file, file.content() as string | Uint8Array, host));
      continue;
    }
    const present = host.read(file.path);
    const content = wanted(file, present);
    if (content === undefined) continue;
    const refusal = present && !options.force ? refuse(file, present) : undefined;
    if (refusal) diagnostics.push(refusal);
    else changes.push(changeTo(file, typeof content === "string" ? bytesOf(content) : content));
  }
  const planned = new Set(files.map((file) => file.path));
  for (const path of host.find(options.sweep, [])) {
    if (planned.has(path)) continue;
    const isOurs = options.isUnmodified(path) || verifyHeader(textOf(host.read(path) ?? new Uint8Array())) === "ours";
    if (isOurs) changes.push({ path });
  }
  return { value: { changes }, diagnostics };
}

function isUpToDate({ path, inputs }: Artifact, decide: IsUpToDate): boolean {
  return inputs !== undefined && decide(path, inputs);
}

function changeTo({ path, executable }: Artifact, bytes: Uint8Array): Change {
  return { path, bytes, ...(executable && { executable }) };
}

/** Returns the change of a file that is as the last build wrote it. */
function changeOf(file: Artifact, content: string | Uint8Array, host: Host): Change[] {
  const bytes = typeof content === "string" ? bytesOf(content) : content;
  if (hashOf(bytes) === hashAt(host, file.path)) return [];
  const present = host.read(file.path);
  const isSame = present?.includes(carriageReturn) && wanted(file, present) === undefined;
  return isSame ? [] : [changeTo(file, bytes)];
}

/** No wanted text has one: where a file does, version control has changed the ends of lines. */
const carriageReturn = 0x0d;

/** The texts of files as they will be once they are written, by project path; without those that are up to date. */
export function textsOf(files: readonly Artifact[], host: Host, decide: IsUpToDate = () => false): Map<string, string> {
  return new Map(
    files
      .filter((file) => !isUpToDate(file, decide))
      .map((file) => {
        const present = host.read(file.path);
        const content = wanted(file, present) ?? present ?? "";
        return [file.path, typeof content === "string" ? content : textOf(content)];
      }),
  );
}

/** Returns the content to write; undefined when the file is right as it is. */
function wanted(file: Artifact, present: Uint8Array | undefined): string | Uint8Array | undefined {
  if (present && file.owner === "user") {
    const content = file.content();
    return isInsertions(content) ? inserted(content, present) : undefined;
  }
  const content = file.content();
  if (isInsertions(content)) throw new Error(`insertions into ${file.path}, which does not exist`);
  return present && same(content, present) ? undefined : content;
}

function isInsertions(content: string | Uint8Array | Insertions): content is Insertions {
  return typeof content === "object" && "insert" in content;
}

function inserted({ insert }: Insertions, present: Uint8Array): string | undefined {
  return insert.length === 0 ? undefined : applyInsertions(textOf(present), insert);
}

/** Version control may have turned line ends of text into CRLF: that is not a change. */
function same(content: string | Uint8Array, present: Uint8Array): boolean {
  if (typeof content !== "string") return Buffer.compare(present, content) === 0;
  const text = textOf(present);
  return text === content || text.replaceAll("\r\n", "\n") === content;
}

/** Insertions into bytes that are no UTF-8 would garble them; an edited generated file may hold work of the user's. */
function refuse(file: Artifact, present: Uint8Array): Diagnostic | undefined {
  const start = { path: file.path, start: 0, end: 0 };
  if (file.owner === "user" && Buffer.compare(new TextEncoder().encode(textOf(present)), present) !== 0)
    return diagnose("handler/not-utf8", start, { path: file.path });
  if (file.owner !== "generated") return undefined;
  const verdict = verifyHeader(textOf(present));
  return verdict === "ours" ? undefined : diagnose("output/hand-edited", start, { path: file.path, verdict });
}
