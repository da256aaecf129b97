import { writeSync } from "node:fs";

type Parts = readonly (string | Uint8Array)[];

/** Bytes that a pipe accepts before anything reads them, on systems with synchronous pipes. */
const pipeCapacity = process.platform === "win32" ? 0 : 16 * 1024;

/**
 * Writes to standard output without opening its stream, which takes time, while the pipe has room. Returns the parts
 * that the stream has to write; it then writes all later ones. Calls `failed` if the pipe has no reader.
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
      // The pipe is full, and another process has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return [bytes];
      failed();
      return [];
    }
  };
}
