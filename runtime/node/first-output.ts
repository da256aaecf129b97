import { writeSync } from "node:fs";

type Parts = readonly (string | Uint8Array)[];

/** What a pipe takes, on any system that writes to pipes at once, of somebody whom nobody reads yet. */
const heldByPipe = process.platform === "win32" ? 0 : 16 * 1024;

/**
 * Writes to standard output without its stream, which takes time to open, as long as nothing can have to wait.
 * What it returns, and all that follows, is the stream's to write. `failed`: there is nobody to read it.
 */
export function firstOutput(failed: () => void, output = 1): (parts: Parts) => Parts {
  let room = heldByPipe;
  return (parts) => {
    if (parts.reduce((sum, { length }) => sum + length, 0) > room) return parts;
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    room -= bytes.length;
    if (room < 0) return [bytes];
    try {
      const written = writeSync(output, bytes);
      return written === bytes.length ? [] : [bytes.subarray(written)];
    } catch (error) {
      // Full already, and somebody has made it one that does not wait.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return [bytes];
      failed();
      return [];
    }
  };
}
