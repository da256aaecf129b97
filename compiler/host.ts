import { createHash } from "node:crypto";
import type { JsonObject } from "./model/source.js";

/** The compiler's only access to the machine. Synchronous; every path is relative to `root`, with `/`. */
export interface Host {
  /** The project folder, absolute. */
  readonly root: string;
  /** The manifest language (`mcp.schema.json`), parsed. */
  readonly manifestSchema: JsonObject;
  /** Files that match any of the glob patterns, sorted by code unit; symbolic links to folders are not followed. */
  find(patterns: readonly string[], ignore: readonly string[]): string[];
  /** The file's bytes; undefined when there is no such file. Other failures throw `HostError`. */
  read(path: string): Uint8Array | undefined;
  /** `hashOf` the file's bytes, where that can be told without reading them. */
  hash?(path: string): string | null;
  /** Returns what is neither a file nor a folder below a folder, but for packages in it: to open it could take for ever. */
  specialFiles?(folder: string): readonly string[];
  /** The file's size in bytes; 0 when there is no such file. */
  size(path: string): number;
  /** False when the path, links resolved, stands outside the project. */
  contains(path: string): boolean;
  /** Makes all changes or none: everything is staged beside its target, then renamed into place. */
  commit(changes: readonly Change[]): void;
}

export interface Change {
  readonly path: string;
  /** Absent: the file is removed. */
  readonly bytes?: Uint8Array;
  /** Makes the file executable for everybody who may read it. */
  readonly executable?: true;
}

/** The machine refused (no permission, disk full, …): not the user's manifest, not our bug. Exit code 2. */
export class HostError extends Error {
  override readonly name = "HostError";
}

const hashes = new WeakMap<Uint8Array, string>();

/** Stands for the bytes of a file: null when there is no such file. The same bytes are hashed once. */
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

/** The bytes of a text; what they say need not be read from them. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  // Half a surrogate pair is no character: what is read is another one.
  if (text.isWellFormed()) texts.set(bytes, text);
  return bytes;
}

/** The text of a file, its byte order mark too; the same bytes are decoded once. */
export function textOf(bytes: Uint8Array): string {
  let text = texts.get(bytes);
  if (text === undefined) texts.set(bytes, (text = decoder.decode(bytes)));
  return text;
}
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
