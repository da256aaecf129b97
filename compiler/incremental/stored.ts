import { createHash } from "node:crypto";
import type { Stored } from "../model/stored.js";

/** The text of a file that builds leave; writing it replaces it as a whole. */
export interface StoredFile {
  read(): string | undefined;
  write(text: string): void;
}

/** `compiler` stands for the one that runs. */
export function stored(files: (name: string) => StoredFile, compiler: string): Stored {
  const seal = (body: string): string => createHash("sha256").update(compiler).update(body).digest("base64url");
  return {
    read: (name) => {
      const text = files(`${name}.json`).read();
      const at = text?.indexOf("\n") ?? -1;
      const body = text?.slice(at + 1);
      return body !== undefined && seal(body) === text!.slice(0, Math.max(at, 0)) ? JSON.parse(body) : undefined;
    },
    write: (name, value) => {
      const body = JSON.stringify(value);
      files(`${name}.json`).write(`${seal(body)}\n${body}`);
    },
  };
}
