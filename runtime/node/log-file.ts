import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface LogFileOptions {
  /** Relative to the working directory of the process. */
  readonly path: string;
  /** In bytes; a file that would grow beyond is put aside. */
  readonly maxBytes: number;
  /** Old files that are kept, as `path.1` (the newest) and so on. */
  readonly maxFiles: number;
}

/** How long a file that cannot be written is left alone. */
const pauseMs = 10_000;

/**
 * A file that lines are added to, of one process alone. Each line is on its way to the disk when the call returns, so
 * that none is lost with the process. A file that cannot be written is said to be so on standard error, once.
 */
export function openLogFile({ path, maxBytes, maxFiles }: LogFileOptions): (line: string) => void {
  let file: number | undefined;
  let size = 0;
  let failedAt: number | undefined;
  let isTorn = false;

  function open(): number {
    mkdirSync(dirname(path), { recursive: true });
    file = openSync(path, "a");
    size = fstatSync(file).size;
    return file;
  }

  function close(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  function rotate(): void {
    close();
    if (maxFiles === 0) rmSync(path, { force: true });
    else rmSync(`${path}.${maxFiles}`, { force: true });
    for (let number = maxFiles - 1; number >= 0; number--)
      move(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`);
  }

  function add(bytes: Buffer): void {
    if (file === undefined) open();
    if (size > 0 && size + bytes.length > maxBytes) rotate();
    const target = file ?? open();
    for (let written = 0; written < bytes.length;) written += writeSync(target, bytes, written);
    size += bytes.length;
  }

  return (line) => {
    if (failedAt !== undefined && performance.now() - failedAt < pauseMs) return;
    try {
      // What a full disk cut off is ended first.
      add(Buffer.from(`${isTorn ? "\n" : ""}${line}\n`));
      failedAt = undefined;
      isTorn = false;
    } catch (error) {
      if (failedAt === undefined) console.error(`the log file ${path} cannot be written: ${(error as Error).message}`);
      failedAt = performance.now();
      isTorn = true;
      try {
        close();
      } catch {
        file = undefined;
      }
    }
  };
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
