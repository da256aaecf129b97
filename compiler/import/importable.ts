import { compileManifests } from "../compile-manifests.js";
import { parse } from "../1-read/parse.js";
import { NoSide, sections, type Surface, type SurfaceSection } from "../diff/surface.js";
import { bytesOf, type Host } from "../host.js";
import type { JsonObject, Located } from "../model/source.js";
import { listedEntry, listedServer, outwardReference } from "./listed-fields.js";
import { idOf, type Imported } from "./merge.js";

/** The part of a surface that a manifest can hold. */
export interface Importable {
  readonly server: JsonObject;
  readonly imported: Imported;
  /** Sentences about what is left out, one for each. */
  readonly notes: readonly string[];
}

/** Returns the part of a surface that a manifest can hold. The surface is hostile until it is checked here. */
export function importable(surface: Surface, manifestSchema: JsonObject): Importable {
  const { name, version, details, instructions } = surface;
  const described = listedServer({ name, ...(version !== undefined && { version }), ...details }, instructions);
  const notes = described.others.map((field) => `server: "${field}" is no field of the protocol, and is left out`);
  let server = described.value;
  let imported = listedEntries(surface, notes);
  // One error may hide another, so the rest is checked until it has none.
  for (;;) {
    const { refused, isServerRefused, isClean } = refusals(server, imported, manifestSchema);
    if (isClean) return { server, imported, notes };
    for (const { id, reason } of refused.values()) notes.push(`${id} is left out: ${reason}`);
    if (isServerRefused) {
      if (Object.keys(server).length === 2) throw new NoSide(`the server has an impossible name or version`);
      notes.push("server: only its name and version are taken over, since other fields are invalid");
      server = { name: server["name"]!, version: server["version"]! };
    }
    imported = withoutEntries(refused, imported);
  }
}

/** Returns the entries of a surface, reduced to the protocol's fields. */
function listedEntries({ entries }: Surface, notes: string[]): Imported {
  const imported: Record<SurfaceSection, JsonObject[]> = {
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
  };
  for (const { section, listing } of entries) {
    const { value, others } = listedEntry(section, listing);
    const id = idOf(section, value);
    for (const field of others) notes.push(`${id}: "${field}" is no field of the protocol, and is left out`);
    const reference = outwardReference([value["inputSchema"] ?? null, value["outputSchema"] ?? null]);
    if (reference === undefined) imported[section].push(value);
    else notes.push(`${id} is left out: its schema refers to ${JSON.stringify(reference)}, outside itself`);
  }
  return imported;
}

interface Refusals {
  readonly refused: ReadonlyMap<JsonObject, { readonly id: string; readonly reason: string }>;
  readonly isServerRefused: boolean;
  readonly isClean: boolean;
}

/** Compiles the entries alone, without access to any file, and returns those with errors. */
function refusals(server: JsonObject, imported: Imported, manifestSchema: JsonObject): Refusals {
  const path = "imported.mcp.json";
  const bytes = bytesOf(JSON.stringify({ server, ...imported }));
  const { diagnostics } = compileManifests(hostOf(path, bytes, manifestSchema));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const root = parse(path, bytes).file?.root;
  const refused = new Map<JsonObject, { id: string; reason: string }>();
  let isServerRefused = false;
  for (const { span, message } of errors) {
    const at = span && root ? placeOf(root, span.start) : undefined;
    if (at === undefined) throw new Error(`the error is at no entry: ${message}`);
    if (at.section === "server") isServerRefused = true;
    else {
      const entry = imported[at.section][at.index]!;
      if (!refused.has(entry)) refused.set(entry, { id: idOf(at.section, entry), reason: message });
    }
  }
  return { refused, isServerRefused, isClean: errors.length === 0 };
}

type Place = { readonly section: "server" } | { readonly section: SurfaceSection; readonly index: number };

function placeOf(root: Located, offset: number): Place | undefined {
  const contains = ({ span }: Located): boolean => span.start <= offset && offset < span.end;
  const member = root.kind === "object" ? root.members.find(({ node }) => contains(node)) : undefined;
  if (member?.key === "server") return { section: "server" };
  const section = sections.find((name) => name === member?.key);
  const index = member?.node.kind === "array" ? member.node.items.findIndex(contains) : -1;
  return section !== undefined && index >= 0 ? { section, index } : undefined;
}

function withoutEntries(refused: Refusals["refused"], imported: Imported): Imported {
  const of = (section: SurfaceSection): JsonObject[] => imported[section].filter((entry) => !refused.has(entry));
  return {
    tools: of("tools"),
    resources: of("resources"),
    resourceTemplates: of("resourceTemplates"),
    prompts: of("prompts"),
  };
}

/** Returns a host with one file. */
function hostOf(path: string, bytes: Uint8Array, manifestSchema: JsonObject): Host {
  return {
    root: "/",
    manifestSchema,
    find: ([pattern]) => (pattern === "**/*.mcp.json" ? [path] : []),
    read: (file) => (file === path ? bytes : undefined),
    specialFiles: () => [],
    size: (file) => (file === path ? bytes.length : 0),
    contains: () => true,
    commit: () => {},
  };
}
