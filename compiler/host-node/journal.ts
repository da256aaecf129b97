import { join, posix, resolve } from "node:path";
import { HostError } from "../host.js";
import type { CacheFolder } from "./cache-folder.js";
import { contains } from "./files.js";

/** The plan of a commit, written to the disk before it runs. Paths are relative to the project, with `/`. */
export interface Journal {
  /** `staging`: staged files may be incomplete, and no target has changed. `moving`: every staged file is complete. */
  readonly state: "staging" | "moving";
  readonly moves: readonly JournalMove[];
  readonly removals: readonly JournalRemoval[];
}

/** A staged file that replaces its target. */
export interface JournalMove extends JournalRemoval {
  /** The path of the staged file, beside the target. */
  readonly stage: string;
  /** The hash of the staged content. */
  readonly after: string;
}

export interface JournalRemoval {
  readonly target: string;
  /** The hash of the target's content; `null` if the target does not exist. */
  readonly before: string | null;
}

const file = "commit.json";
const stageName = /^\.mcpc-[0-9a-f]{12}-\d+\.tmp$/;

/** Returns the name of a staged file beside the target; `commit` distinguishes commits. */
export function stageOf(target: string, commit: string, index: number): string {
  return posix.join(posix.dirname(target), `.mcpc-${commit}-${index}.tmp`);
}

export function isStage(name: string): boolean {
  return stageName.test(name);
}

export function writeJournal(folder: CacheFolder | undefined, journal: Journal): void {
  folder?.write(file, JSON.stringify(journal));
}

export function removeJournal(folder: CacheFolder | undefined): void {
  folder?.remove(file);
}

/**
 * Reads the journal of an interrupted commit. It is untrusted: throws `HostError` unless a commit could have written
 * it.
 */
export function readJournal(root: string, folder: CacheFolder | undefined): Journal | undefined {
  const bytes = folder?.read(file);
  if (!bytes) return undefined;
  const journal = parse(Buffer.from(bytes).toString());
  if (isJournal(journal) && [...journal.moves, ...journal.removals].every(({ target }) => isOutput(root, target)))
    return journal;
  throw new HostError(
    `${JSON.stringify(join(folder!.path, file))} is not left by an interrupted build; remove it, and build again`,
  );
}

/**
 * Returns whether a commit may write or remove the file: it is in the project, and not in a folder of other programs.
 */
export function isOutput(root: string, path: string): boolean {
  const isInside = posix.normalize(path) === path && !/^\/|^\.\.?(?:\/|$)|\0/.test(path);
  return isInside && !/(?:^|\/)(?:node_modules|\.git)(?:\/|$)/i.test(path) && contains(root, resolve(root, path));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isJournal(value: unknown): value is Journal {
  const { state, moves, removals } = membersOf(value);
  const isState = state === "staging" || state === "moving";
  return isState && Array.isArray(moves) && moves.every(isMove) && Array.isArray(removals) && removals.every(isRemoval);
}

function isMove(value: unknown): value is JournalMove {
  const { target, stage, after } = membersOf(value);
  if (!isRemoval(value) || typeof stage !== "string" || typeof after !== "string") return false;
  return isStage(posix.basename(stage)) && posix.dirname(stage) === posix.dirname(target as string);
}

function isRemoval(value: unknown): value is JournalRemoval {
  const { target, before } = membersOf(value);
  return typeof target === "string" && (before === null || typeof before === "string");
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
