import { join, posix, resolve } from "node:path";
import { HostError } from "../host.js";
import type { CacheFolder } from "./cache-folder.js";
import { contains } from "./files.js";

/** Plan of a commit, on disk before it runs. Paths are relative to the project, with `/`. */
export interface Journal {
  /** `staging`: the stages may be half written, no target is touched. `moving`: every stage is whole. */
  readonly state: "staging" | "moving";
  readonly moves: readonly Move[];
  readonly removals: readonly Removal[];
}

/** A file that takes the place of its target. */
export interface Move extends Removal {
  /** The file, beside the target. */
  readonly stage: string;
  /** The hash of what it holds. */
  readonly after: string;
}

export interface Removal {
  readonly target: string;
  /** The hash of what the target holds; null where there is no such file. */
  readonly before: string | null;
}

const file = "commit.json";
const stageName = /^\.mcpc-[0-9a-f]{12}-\d+\.tmp$/;

/** The name of a file beside the target; `commit` tells one commit from another. */
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

/** The journal of a commit that was cut off. It is input: throws `HostError` unless no commit could have written it. */
export function readJournal(root: string, folder: CacheFolder | undefined): Journal | undefined {
  const bytes = folder?.read(file);
  if (!bytes) return undefined;
  const journal = parsed(Buffer.from(bytes).toString());
  if (isJournal(journal) && [...journal.moves, ...journal.removals].every(({ target }) => isOutput(root, target)))
    return journal;
  throw new HostError(
    `${JSON.stringify(join(folder!.path, file))} is not what a build that was cut off would leave; remove it, and build again`,
  );
}

/** Whether a commit may write or remove the file: it is in the project, and not of a folder that other programs own. */
export function isOutput(root: string, path: string): boolean {
  const isInside = posix.normalize(path) === path && !/^\/|^\.\.?(?:\/|$)|\0/.test(path);
  return isInside && !/(?:^|\/)(?:node_modules|\.git)(?:\/|$)/i.test(path) && contains(root, resolve(root, path));
}

function parsed(text: string): unknown {
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

function isMove(value: unknown): value is Move {
  const { target, stage, after } = membersOf(value);
  if (!isRemoval(value) || typeof stage !== "string" || typeof after !== "string") return false;
  return isStage(posix.basename(stage)) && posix.dirname(stage) === posix.dirname(target as string);
}

function isRemoval(value: unknown): value is Removal {
  const { target, before } = membersOf(value);
  return typeof target === "string" && (before === null || typeof before === "string");
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
