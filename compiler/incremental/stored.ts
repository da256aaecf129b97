import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { HostError } from "../host.js";
import type { Stored } from "../model/stored.js";

/** A file that builds leave; writing it replaces it as a whole. */
export interface StoredFile {
  read(): Uint8Array | undefined;
  write(content: string | Uint8Array): void;
}

/** Without what builds leave, the next one takes longer, and that is all: what the machine refuses is not told. */
export function leave(file: StoredFile, content: string | Uint8Array): void {
  try {
    file.write(content);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

const sealBytes = 32;

/** `compiler` stands for the one that runs; unless it `writes`, nothing is left. */
export function stored(files: (name: string) => StoredFile, compiler: string, writes: boolean): Stored {
  const seal = (body: Uint8Array): Buffer => createHash("sha256").update(compiler).update(body).digest();
  return {
    read: (name) => {
      const bytes = files(name).read();
      const body = bytes?.subarray(sealBytes);
      return body && seal(body).equals(bytes!.subarray(0, sealBytes)) ? deserialize(body) : undefined;
    },
    write: (name, value) => {
      if (!writes) return;
      const body = serialize(value);
      leave(files(name), Buffer.concat([seal(body), body]));
    },
  };
}
