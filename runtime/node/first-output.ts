import { writeSync } from "node:fs";

type Parts = readonly (string | Uint8Array)[];

/** Bytes that a pipe takes before anything reads it, on any system that writes to pipes at once. */
const pipeCapacity = process.platform === "win32" ? 0 : 16 * 1024;

/**
 * Writes to standard output without its stream, which takes time to open, as long as nothing can have to wait.
 * The stream writes the parts that it returns, and all later ones. `failed` is called when no reader is left.
 */
export function firstOutput(failed: () => void, output = 1): (parts: Parts) => Parts {
  let room = pipeCapacity;
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
