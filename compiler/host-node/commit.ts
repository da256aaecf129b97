import * as fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { HostError, type Change } from "../host.js";
import { cacheFolder } from "./cache-folder.js";
import { contains, readIfPresent, refusable } from "./files.js";

/** What a commit is about to do, on disk before it is done; paths are relative to the project. */
interface Journal {
  /** `staging`: the stages may be half written, no target is touched. `moving`: every stage is whole. */
  readonly state: "staging" | "moving";
  readonly moves: readonly Move[];
  readonly removals: readonly string[];
}
interface Move {
  readonly stage: string;
  readonly target: string;
}

/**
 * Stages every file beside its target, then renames all; a failure puts back what stood there. A journal tells the next
 * build (`recover`) how far a process came that was killed.
 */
export function commit(root: string, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  const inside = new Set<string>();
  for (const { path } of changes) {
    const target = resolve(root, path);
    // A new file stands where its folder does.
    if (inside.has(dirname(target)) && !fs.existsSync(target)) continue;
    if (!contains(root, target)) throw new HostError(`${JSON.stringify(path)} leads outside the project`);
    inside.add(dirname(target));
  }
  const written = changes.filter((change) => change.bytes !== undefined);
  const moves = written.map(({ path }, index): Move => ({ stage: stageOf(path, index), target: path }));
  const removals = changes.filter((change) => change.bytes === undefined).map(({ path }) => path);
  const folders: string[] = [];
  const before = new Map<string, Uint8Array | undefined>();
  try {
    writeJournal(root, { state: "staging", moves, removals });
    for (const [index, { path, bytes }] of written.entries()) {
      const target = resolve(root, path);
      const stage = resolve(root, moves[index]!.stage);
      refusable(path, () => {
        const made = fs.existsSync(dirname(target)) ? undefined : fs.mkdirSync(dirname(target), { recursive: true });
        if (made !== undefined) folders.push(made);
        fs.writeFileSync(stage, bytes!);
        if (fs.existsSync(target)) fs.chmodSync(stage, fs.statSync(target).mode);
      });
    }
    writeJournal(root, { state: "moving", moves, removals });
    move(root, moves, removals, (target) => before.set(target, readIfPresent(target)));
  } catch (error) {
    rollBack(root, moves, before, folders);
    throw error;
  } finally {
    fs.rmSync(journalOf(root), { force: true });
  }
}

/** Ends what a killed build began: the project is as before that build, or as after it. */
export function recover(root: string): void {
  const half = `${journalOf(root)}.tmp`;
  refusable(relative(root, half), () => fs.rmSync(half, { force: true }));
  const text = readIfPresent(journalOf(root));
  if (!text) return;
  const { state, moves, removals } = JSON.parse(Buffer.from(text).toString()) as Journal;
  if (state === "moving") {
    const left = moves.filter(({ stage }) => fs.existsSync(resolve(root, stage)));
    move(root, left, removals, () => {});
  } else {
    for (const { stage } of moves) {
      fs.rmSync(resolve(root, stage), { force: true });
      removeEmptyFolders(root, dirname(resolve(root, stage)));
    }
  }
  fs.rmSync(journalOf(root), { force: true });
}

/** `touching` is told of each file before it changes. */
function move(
  root: string,
  moves: readonly Move[],
  removals: readonly string[],
  touching: (file: string) => void,
): void {
  for (const { stage, target } of moves) {
    refusable(target, () => {
      touching(resolve(root, target));
      fs.renameSync(resolve(root, stage), resolve(root, target));
    });
  }
  for (const path of removals) {
    refusable(path, () => {
      touching(resolve(root, path));
      fs.rmSync(resolve(root, path), { force: true });
      removeEmptyFolders(root, dirname(resolve(root, path)));
    });
  }
}

function rollBack(
  root: string,
  moves: readonly Move[],
  before: ReadonlyMap<string, Uint8Array | undefined>,
  folders: readonly string[],
): void {
  for (const { stage } of moves) fs.rmSync(resolve(root, stage), { force: true });
  for (const [target, bytes] of before) {
    if (bytes === undefined) fs.rmSync(target, { force: true });
    else {
      fs.mkdirSync(dirname(target), { recursive: true });
      fs.writeFileSync(target, bytes);
    }
  }
  for (const folder of folders.toReversed()) fs.rmSync(folder, { recursive: true, force: true });
}

function stageOf(path: string, index: number): string {
  return join(dirname(path), `.mcpc-${process.pid}-${index}.tmp`);
}

function journalOf(root: string): string {
  return join(root, cacheFolder, "commit.json");
}

/** Whole or not at all. */
function writeJournal(root: string, journal: Journal): void {
  const file = journalOf(root);
  refusable(relative(root, file), () => {
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.tmp`, JSON.stringify(journal));
    fs.renameSync(`${file}.tmp`, file);
  });
}

function removeEmptyFolders(root: string, folder: string): void {
  while (folder !== root && fs.existsSync(folder) && fs.readdirSync(folder).length === 0) {
    fs.rmdirSync(folder);
    folder = dirname(folder);
  }
}
