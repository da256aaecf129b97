import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hashOf, HostError, type Change } from "../host.js";
import { cacheFolder } from "./cache-folder.js";
import { contains, readIfPresent, withHostErrors, refuseSpecial } from "./files.js";
import { isOutput, isStage, readJournal, removeJournal, stageOf, writeJournal, type JournalMove } from "./journal.js";

/**
 * Writes every file beside its target, then renames all. A failure restores the previous files. A journal lets the
 * next build (`recover`) complete the work of a killed process.
 */
export function commit(root: string, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  const inside = new Set<string>();
  for (const { path } of changes) {
    const target = resolve(root, path);
    // A new file is contained if its folder is.
    if (inside.has(dirname(target)) && !fs.existsSync(target)) continue;
    if (!contains(root, target)) throw new HostError(`${JSON.stringify(path)} leads outside the project`);
    if (!isOutput(root, path)) throw new HostError(`${JSON.stringify(path)} is no place for a file of mcpc's`);
    inside.add(dirname(target));
  }
  const journal = cacheFolder(root);
  const isRespelt = differsInCase(changes.map(({ path }) => path));
  const before = new Map(changes.map(({ path }) => [path, replaceableBytes(root, path, isRespelt(path))]));
  const hashBefore = (path: string): string | null => hashOf(before.get(path));
  const id = randomBytes(6).toString("hex");
  const moves: JournalMove[] = [];
  for (const { path: target, bytes } of changes) {
    if (!bytes) continue;
    moves.push({ target, stage: stageOf(target, id, moves.length), before: hashBefore(target), after: hashOf(bytes)! });
  }
  const removals = changes
    .filter(({ bytes }) => !bytes)
    .map(({ path }) => ({ target: path, before: hashBefore(path) }));
  const folders: string[] = [];
  const staged: string[] = [];
  const touched: string[] = [];
  try {
    writeJournal(journal, { state: "staging", moves, removals });
    for (const [index, { path, bytes, executable }] of changes.filter(({ bytes }) => bytes).entries()) {
      const target = resolve(root, path);
      const stage = resolve(root, moves[index]!.stage);
      withHostErrors(path, () => {
        const created = fs.existsSync(dirname(target)) ? undefined : fs.mkdirSync(dirname(target), { recursive: true });
        if (created !== undefined) folders.push(created);
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

/** Completes or undoes the commit of a killed build. Files that were changed since then stay unchanged. */
export function recover(root: string): void {
  const folder = cacheFolder(root);
  const journal = readJournal(root, folder);
  if (!journal) {
    // A moved project, or one that another user built, has no journal.
    if (!folder?.read("build.json")) removeStages(root);
    return;
  }
  const isRespelt = differsInCase([...journal.moves, ...journal.removals].map(({ target }) => target));
  const holds = (path: string, hash: string | null): boolean =>
    hashOf(replaceableBytes(root, path, isRespelt(path))) === hash;
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
 * Returns a function that tests whether a path differs from another one only in case. Many file systems treat both as
 * one file, so the file is removed under its old name first.
 */
function differsInCase(paths: readonly string[]): (path: string) => boolean {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(path.toLowerCase(), (counts.get(path.toLowerCase()) ?? 0) + 1);
  return (path) => counts.get(path.toLowerCase())! > 1;
}

/**
 * Returns the bytes of a replaceable file; `undefined` if it does not exist, or if `exactly` is set and its name
 * differs in case. Throws `HostError` for anything but a file.
 */
function replaceableBytes(root: string, path: string, exactly: boolean): Uint8Array | undefined {
  refuseSpecial(root, path);
  const file = resolve(root, path);
  if (exactly && !(fs.existsSync(file) && fs.readdirSync(dirname(file)).includes(basename(file)))) return undefined;
  return readIfPresent(file);
}

function move(root: string, stage: string, target: string): void {
  withHostErrors(target, () => fs.renameSync(resolve(root, stage), resolve(root, target)));
}

function remove(root: string, path: string): void {
  withHostErrors(path, () => {
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
  // If a folder of the path is a file, nothing was staged, and removing it would fail.
  for (const stage of staged) if (fs.existsSync(stage)) fs.rmSync(stage);
  for (const path of touched.toReversed()) {
    const target = resolve(root, path);
    const bytes = before.get(path);
    if (bytes === undefined) {
      // An existing folder was not created by this build.
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

/** Removes the staged files of unknown builds. */
function removeStages(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "node_modules" && entry.name !== ".git") removeStages(path);
    } else if (isStage(entry.name)) withHostErrors(path, () => fs.rmSync(path));
  }
}

/** Lists a folder; empty if it cannot be read. */
function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
