import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { HostError } from "../host.js";
import type { Fingerprint } from "../model/cache.js";

/** A file in the folder of caches; a write replaces the whole file. */
export interface StoredFile {
  read(): Uint8Array | undefined;
  write(content: string | Uint8Array): void;
}

/** Writes a cache file. I/O errors are ignored: without the file the next build only takes longer. */
export function store(file: StoredFile, content: string | Uint8Array): void {
  try {
    file.write(content);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}

const sealBytes = 32;

/** Reads a value that `storeValue` wrote; undefined for a damaged file, or for that of another compiler. */
export function storedValue(file: StoredFile, compiler: Fingerprint): unknown {
  const bytes = file.read();
  const body = bytes?.subarray(sealBytes);
  return body && seal(body, compiler).equals(bytes!.subarray(0, sealBytes)) ? deserialize(body) : undefined;
}

/** Writes any value that supports structured cloning. */
export function storeValue(file: StoredFile, value: unknown, compiler: Fingerprint): void {
  const body = serialize(value);
  store(file, Buffer.concat([seal(body, compiler), body]));
}

function seal(body: Uint8Array, compiler: Fingerprint): Buffer {
  return createHash("sha256").update(compiler).update(body).digest();
}
