import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { HostError } from "../host.js";
import type { Fingerprint } from "../model/cache.js";

/** A file in the folder of caches; writing replaces it as a whole. */
export interface StoredFile {
  read(): Uint8Array | undefined;
  write(content: string | Uint8Array): void;
}

/** Writes a file of a cache. Errors of the machine are ignored: without the file the next build takes longer. */
export function store(file: StoredFile, content: string | Uint8Array): void {
  try {
    file.write(content);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

const sealBytes = 32;

/** Reads a value that `storeValue` wrote; undefined where another compiler wrote it, or where it is damaged. */
export function storedValue(file: StoredFile, compiler: Fingerprint): unknown {
  const bytes = file.read();
  const body = bytes?.subarray(sealBytes);
  return body && seal(body, compiler).equals(bytes!.subarray(0, sealBytes)) ? deserialize(body) : undefined;
}

/** Writes any value that can be cloned. */
export function storeValue(file: StoredFile, value: unknown, compiler: Fingerprint): void {
  const body = serialize(value);
  store(file, Buffer.concat([seal(body, compiler), body]));
}

function seal(body: Uint8Array, compiler: Fingerprint): Buffer {
  return createHash("sha256").update(compiler).update(body).digest();
}
