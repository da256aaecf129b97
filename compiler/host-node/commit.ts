import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hashOf, HostError, type Change } from "../host.js";
import { cacheFolder } from "./cache-folder.js";
import { contains, readIfPresent, refusable, refuseSpecial } from "./files.js";
import { isOutput, isStage, readJournal, removeJournal, stageOf, writeJournal, type Move } from "./journal.js";

/**
 * Stages every file beside its target, then renames all; a failure puts back what was there. A journal says to the next
 * build (`recover`) how far a process came that was killed.
 */
export function commit(root: string, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  const inside = new Set<string>();
  for (const { path } of changes) {
    const target = resolve(root, path);
    // A new file is where its folder is.
    if (inside.has(dirname(target)) && !fs.existsSync(target)) continue;
    if (!contains(root, target)) throw new HostError(`${JSON.stringify(path)} leads outside the project`);
    if (!isOutput(root, path)) throw new HostError(`${JSON.stringify(path)} is no place for a file of mcpc's`);
    inside.add(dirname(target));
  }
  const journal = cacheFolder(root);
  const isRespelt = respelt(changes.map(({ path }) => path));
  const before = new Map(changes.map(({ path }) => [path, present(root, path, isRespelt(path))]));
  const known = (path: string): string | null => hashOf(before.get(path));
  const id = randomBytes(6).toString("hex");
  const moves: Move[] = [];
  for (const { path: target, bytes } of changes) {
    if (!bytes) continue;
    moves.push({ target, stage: stageOf(target, id, moves.length), before: known(target), after: hashOf(bytes)! });
  }
  const removals = changes.filter(({ bytes }) => !bytes).map(({ path }) => ({ target: path, before: known(path) }));
  const folders: string[] = [];
  const staged: string[] = [];
  const touched: string[] = [];
  try {
    writeJournal(journal, { state: "staging", moves, removals });
    for (const [index, { path, bytes, executable }] of changes.filter(({ bytes }) => bytes).entries()) {
      const target = resolve(root, path);
      const stage = resolve(root, moves[index]!.stage);
      refusable(path, () => {
        const made = fs.existsSync(dirname(target)) ? undefined : fs.mkdirSync(dirname(target), { recursive: true });
        if (made !== undefined) folders.push(made);
        staged.push(stage);
        fs.writeFileSync(stage, bytes!, { flag: "wx" });
        const { mode } = fs.statSync(before.get(path) ? target : stage);
        fs.chmodSync(stage, executable ? mode | ((mode & 0o444) >> 2) : mode);
      });
    }
    writeJournal(journal, { state: "moving", moves, removals });
    const take = (isFirst: boolean): void => {
      for (const { target } of removals) {
        if (isRespelt(target) !== isFirst) continue;
        touched.push(target);
        remove(root, target);
      }
    };
    take(true);
    for (const { stage, target } of moves) {
      touched.push(target);
      move(root, stage, target);
    }
    take(false);
  } catch (error) {
    rollBack(root, staged, before, touched, folders);
    throw error;
  } finally {
    removeJournal(journal);
  }
}

/**
 * Ends what a killed build began: the project is as before that build, or as after it. A file that somebody has changed
 * since stays as it is.
 */
export function recover(root: string): void {
  const folder = cacheFolder(root);
  const journal = readJournal(root, folder);
  if (!journal) {
    // A project that was moved, or that another user built, comes without its journal.
    if (!folder?.read("build.json")) removeStages(root);
    return;
  }
  const isRespelt = respelt([...journal.moves, ...journal.removals].map(({ target }) => target));
  const holds = (path: string, hash: string | null): boolean => hashOf(present(root, path, isRespelt(path))) === hash;
  const take = (isFirst: boolean): void => {
    for (const { target, before } of journal.removals)
      if (journal.state === "moving" && isRespelt(target) === isFirst && holds(target, before)) remove(root, target);
  };
  take(true);
  for (const { stage, target, before, after } of journal.moves) {
    const isWanted = journal.state === "moving" && holds(stage, after) && holds(target, before);
    if (isWanted) move(root, stage, target);
    else remove(root, stage);
  }
  take(false);
  removeJournal(folder);
}

/**
 * Whether a path differs from another one in case alone. Many file systems take both for one file: it counts under the
 * name that it has, and is removed before it comes under the other one.
 */
function respelt(paths: readonly string[]): (path: string) => boolean {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(path.toLowerCase(), (counts.get(path.toLowerCase()) ?? 0) + 1);
  return (path) => counts.get(path.toLowerCase())! > 1;
}

/**
 * The bytes of a file that may be replaced; undefined when there is none, or when it has another name and `exactly` that
 * one is meant. Throws `HostError` where it is something else.
 */
function present(root: string, path: string, exactly: boolean): Uint8Array | undefined {
  refuseSpecial(root, path);
  const file = resolve(root, path);
  if (exactly && !(fs.existsSync(file) && fs.readdirSync(dirname(file)).includes(basename(file)))) return undefined;
  return readIfPresent(file);
}

function move(root: string, stage: string, target: string): void {
  refusable(target, () => fs.renameSync(resolve(root, stage), resolve(root, target)));
}

function remove(root: string, path: string): void {
  refusable(path, () => {
    fs.rmSync(resolve(root, path), { force: true });
    removeEmptyFolders(root, dirname(resolve(root, path)));
  });
}

function rollBack(
  root: string,
  staged: readonly string[],
  before: ReadonlyMap<string, Uint8Array | undefined>,
  touched: readonly string[],
  folders: readonly string[],
): void {
  // Where a folder is a file, so that nothing could be staged, removing it fails, too.
  for (const stage of staged) if (fs.existsSync(stage)) fs.rmSync(stage);
  for (const path of touched.toReversed()) {
    const target = resolve(root, path);
    const bytes = before.get(path);
    if (bytes === undefined) {
      // A folder that stands there was not made by this build.
      if (!fs.statSync(target, { throwIfNoEntry: false })?.isDirectory()) fs.rmSync(target, { force: true });
    } else {
      fs.mkdirSync(dirname(target), { recursive: true });
      fs.writeFileSync(target, bytes);
    }
  }
  for (const folder of folders.toReversed()) fs.rmSync(folder, { recursive: true, force: true });
}

function removeEmptyFolders(root: string, folder: string): void {
  while (folder !== root && fs.existsSync(folder) && fs.readdirSync(folder).length === 0) {
    fs.rmdirSync(folder);
    folder = dirname(folder);
  }
}

/** Removes the stages of builds of which nothing else is known. */
function removeStages(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "node_modules" && entry.name !== ".git") removeStages(path);
    } else if (isStage(entry.name)) refusable(path, () => fs.rmSync(path));
  }
}

/** None of a folder that may not be read. */
function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
