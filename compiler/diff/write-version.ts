import { parse } from "../1-read/parse.js";
import { child } from "../json-schema/pointer.js";
import type { Host } from "../host.js";
import { bytesOf, textOf } from "../host.js";
import type { Located } from "../model/source.js";
import { wantedVersion, type SurfaceComparison } from "./comparison.js";
import { NoSide } from "./surface.js";

/**
 * Raises the version of a project in its manifest, `package.json` and `server.json`. Returns the paths of changed files.
 */
export function writeVersion(comparison: SurfaceComparison, host: Host): string[] {
  if (comparison.sufficient) return [];
  const wanted = wantedVersion(comparison);
  if (wanted === undefined) throw new NoSide("the old side has no version with three numbers that could be raised");
  const manifests = host.find(["**/*.mcp.json"], ["**/node_modules/**", "**/dist/**", "**/generated/**", "**/.*/**"]);
  const changes = [
    ...manifests.flatMap((path) => edited(host, path, ["server", "version"], wanted)),
    ...edited(host, "package.json", ["version"], wanted),
    ...serverJson(host, wanted),
  ];
  host.commit(changes);
  return changes.map(({ path }) => path);
}

/** Returns the comparison as it is after `writeVersion`. */
export function withRaisedVersion(comparison: SurfaceComparison): SurfaceComparison {
  const { new: now, sufficient } = comparison;
  const version = wantedVersion(comparison);
  if (sufficient || version === undefined) return comparison;
  return { ...comparison, new: { ...now, surface: { ...now.surface, version } }, sufficient: true };
}

type Changes = { readonly path: string; readonly bytes: Uint8Array }[];

/** Returns the file with another version and no other change; no changes where the file has no version. */
function edited(host: Host, path: string, tokens: readonly string[], version: string): Changes {
  const bytes = host.read(path);
  const root = bytes && parse(path, bytes).file?.root;
  const node = root && tokens.reduce<Located | undefined>((at, token) => at && child(at, token), root);
  return bytes && node && typeof node.value === "string" ? replaced(path, textOf(bytes), [node], version) : [];
}

/** Edits the registry's file, which has the version of the server and the version of each package. */
function serverJson(host: Host, version: string): Changes {
  const path = "server.json";
  const bytes = host.read(path);
  const root = bytes && parse(path, bytes).file?.root;
  if (!bytes || !root) return [];
  const packages = child(root, "packages");
  const items = packages?.kind === "array" ? packages.items : [];
  const own = child(root, "version");
  const nodes = [own, ...items.map((item) => child(item, "version"))].filter(
    (node): node is Located => node !== undefined && typeof node.value === "string" && node.value === own?.value,
  );
  return nodes.length === 0 ? [] : replaced(path, textOf(bytes), nodes, version);
}

function replaced(path: string, text: string, nodes: readonly Located[], version: string): Changes {
  const last = [...nodes].sort((a, b) => b.span.start - a.span.start);
  const after = last.reduce(
    (whole, { span }) => whole.slice(0, span.start) + JSON.stringify(version) + whole.slice(span.end),
    text,
  );
  return after === text ? [] : [{ path, bytes: bytesOf(after) }];
}
