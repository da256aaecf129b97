import { createHash } from "node:crypto";
import type { JsonObject } from "./model/source.js";

/** The compiler's only access to the machine. Synchronous; every path is relative to `root`, with `/`. */
export interface Host {
  /** The absolute path of the project folder. */
  readonly root: string;
  /** The parsed schema of manifests (`mcp.schema.json`). */
  readonly manifestSchema: JsonObject;
  /** Returns the files that match any of the glob patterns, sorted by code unit. Does not follow links to folders. */
  find(patterns: readonly string[], ignore: readonly string[]): string[];
  /** Returns the bytes of a file; `undefined` if it does not exist. Throws `HostError` for other failures. */
  read(path: string): Uint8Array | undefined;
  /** Returns `hashOf` the file's bytes, if it is known without reading them. */
  hash?(path: string): string | null;
  /** Returns the pipes, sockets and devices below a folder, outside its packages. Opening one could block for ever. */
  specialFiles?(folder: string): readonly string[];
  /** Returns the size in bytes; 0 if there is no such file. */
  size(path: string): number;
  /** Returns whether the path is inside the project after links are resolved. */
  contains(path: string): boolean;
  /** Returns whether a day, such as 2027-03-01, has passed, in UTC. Absent: none has. */
  isPast?(day: string): boolean;
  /** Applies all changes or none: stages each file beside its target, then renames it into place. */
  commit(changes: readonly Change[]): void;
}

export interface Change {
  readonly path: string;
  /** The new contents. Absent to remove the file. */
  readonly bytes?: Uint8Array;
  /** Whether everyone who may read the file may run it. */
  readonly executable?: true;
}

/** A failure of the machine, such as a full disk or a missing permission. Exit code 2. */
export class HostError extends Error {
  override readonly name = "HostError";
}

const hashes = new WeakMap<Uint8Array, string>();

/** Returns a hash of a file's bytes; `null` if there is no file. Hashes the same bytes only once. */
export function hashOf(bytes: Uint8Array | undefined): string | null {
  if (!bytes) return null;
  let hash = hashes.get(bytes);
  if (hash === undefined) hashes.set(bytes, (hash = createHash("sha256").update(bytes).digest("base64url")));
  return hash;
}

/** `hashOf` what the file holds. */
export function hashAt(host: Pick<Host, "read" | "hash">, path: string): string | null {
  return host.hash ? host.hash(path) : hashOf(host.read(path));
}

const texts = new WeakMap<Uint8Array, string>();

/** Returns the bytes of a text, and remembers the text for `textOf`. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  // Encoding replaces half a surrogate pair by another character.
  if (text.isWellFormed()) texts.set(bytes, text);
  return bytes;
}

/** Returns the text of a file with its byte order mark. Decodes the same bytes only once. */
export function textOf(bytes: Uint8Array): string {
  let text = texts.get(bytes);
  if (text === undefined) texts.set(bytes, (text = decoder.decode(bytes)));
  return text;
}
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
