import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, parse, join } from "node:path";
import { workerNumber } from "./worker-number.js";

export interface LogFileOptions {
  /** The path, relative to the working directory of the process. */
  readonly path: string;
  /** The maximum size in bytes. A file that would exceed it is rotated. */
  readonly maxBytes: number;
  /** The number of rotated files, named `path.1` (the newest) and so on. */
  readonly maxFiles: number;
}

/** Delay before the next attempt to write to a file that cannot be written. */
const pauseMs = 10_000;

/**
 * Opens a log file for one process. Writes are synchronous, so that no line is lost when the process ends. Reports a
 * file that cannot be written, once. The returned function returns whether it has written a line.
 */
export function openLogFile(
  { maxBytes, maxFiles, ...options }: LogFileOptions,
  report: (problem: string) => void = (problem) => console.error(problem),
): (line: string) => boolean {
  const path = fileOfWorker(options.path);
  let file: number | undefined;
  let size = 0;
  let failedAt: number | undefined;
  let isTorn = false;

  function open(): number {
    mkdirSync(dirname(path), { recursive: true });
    file = openSync(path, "a");
    size = fstatSync(file).size;
    if (size === 0) isTorn = false;
    return file;
  }

  function close(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  /** Whether another program, such as logrotate, has renamed the open file. */
  function isMoved(): boolean {
    return file !== undefined && statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(file).ino;
  }

  function rotate(): void {
    const moved = isMoved();
    close();
    // Old files stay: there is no full one to rename.
    if (moved) return;
    if (maxFiles === 0) rmSync(path, { force: true });
    for (let number = maxFiles - 1; number >= 0; number--)
      move(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`);
  }

  function add(line: string): void {
    if (file === undefined) open();
    if (size > 0 && size + Number(isTorn) + Buffer.byteLength(line) + 1 > maxBytes) rotate();
    const target = file ?? open();
    // A full disk may have cut off the last line.
    const bytes = Buffer.from(`${isTorn ? "\n" : ""}${line}\n`);
    for (let written = 0; written < bytes.length; isTorn = true) written += writeSync(target, bytes, written);
    size += bytes.length;
    isTorn = false;
  }

  return (line) => {
    if (failedAt !== undefined && performance.now() - failedAt < pauseMs) return false;
    try {
      add(line);
      failedAt = undefined;
      return true;
    } catch (error) {
      if (failedAt === undefined) report(`the log file ${path} cannot be written: ${(error as Error).message}`);
      failedAt = performance.now();
      try {
        close();
      } catch {
        file = undefined;
      }
      return false;
    }
  };
}

/** Returns the file of this process. A worker has a file of its own, because rotation moves files. */
function fileOfWorker(path: string): string {
  const number = workerNumber();
  if (number === undefined) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${number}${ext}`);
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
