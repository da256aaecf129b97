import { readFile } from "node:fs/promises";

/** A whole file as text. */
export function readText(path: string): Promise<string> {
  return readFile(path, "utf8");
}
