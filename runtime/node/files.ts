import { readFile } from "node:fs/promises";

/** Reads a file as text. */
export function readText(path: string): Promise<string> {
  return readFile(path, "utf8");
}
