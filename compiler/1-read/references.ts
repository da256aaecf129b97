import { referencedFile } from "../json-schema/reference.js";
import type { Host } from "../host.js";
import type { Cache } from "../model/cache.js";
import { projectPath } from "../project-path.js";
import type { Located, SourceFile, Span } from "../model/source.js";

/** Members whose value is data: a `$ref` inside is not a reference. */
const data = new Set(["const", "default", "enum", "examples"]);

/** Members that map user-defined names to schemas. */
const named = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]);

/** Members of entries that hold schemas. */
const schemaMembers = new Set(["inputSchema", "outputSchema", "params"]);

/**
 * Returns the files that the `$ref`s of a schema file name, as written, with their spans. The check phase validates
 * them.
 */
export function schemaFiles(root: Located): Map<string, Span> {
  const files = new Map<string, Span>();
  const id = member(root, "$id")?.value;
  const visit = (node: Located): void => {
    if (node.kind === "array") node.items.forEach(visit);
    if (node.kind !== "object") return;
    for (const { key, node: value } of node.members) {
      if (key === "$ref" && typeof value.value === "string") {
        const file = referencedFile(value.value, typeof id === "string" ? id : undefined);
        if (file !== undefined) files.set(file, value.span);
      } else if (named.has(key) && value.kind === "object") value.members.forEach((member) => visit(member.node));
      else if (!data.has(key)) visit(value);
    }
  };
  visit(root);
  return files;
}

/** Returns the files that the `$ref`s of a manifest's schemas name. */
export function manifestSchemaFiles(root: Located, cache: Cache): Map<string, Span> {
  const files: [string, Span][] = [];
  const definitions = member(root, "$defs");
  if (definitions?.kind === "object") for (const { node } of definitions.members) files.push(...schemaFiles(node));
  for (const section of ["tools", "resourceTemplates"]) {
    const entries = member(root, section);
    if (entries?.kind !== "array") continue;
    for (const entry of entries.items) {
      if (entry.kind !== "object") continue;
      const find = (): [string, Span][] =>
        entry.members.filter(({ key }) => schemaMembers.has(key)).flatMap(({ node }) => [...schemaFiles(node)]);
      const { path, entry: key } = entry.span;
      files.push(...(key === undefined ? find() : cache.memo("entry-files", [path, key], find)));
    }
  }
  return new Map(files);
}

/**
 * Returns the files whose bytes a manifest includes, as written, with their spans: static resources and the server's
 * instructions.
 */
export function contentFiles(root: Located): Map<string, Span> {
  const files = new Map<string, Span>();
  const add = (node: Located | undefined): void => {
    const file = node && member(node, "file");
    if (typeof file?.value === "string") files.set(file.value, file.span);
  };
  const server = member(root, "server");
  add(server && member(server, "instructions"));
  const resources = member(root, "resources");
  if (resources?.kind === "array") resources.items.forEach(add);
  return files;
}

/** Returns the JSON files from which a manifest takes the server's version, as written, with their spans. */
export function versionFiles(root: Located): Map<string, Span> {
  const server = member(root, "server");
  const version = server && member(server, "version");
  const file = version && member(version, "file");
  return new Map(typeof file?.value === "string" ? [[file.value, file.span]] : []);
}

/** Returns the path of the project's hooks, whether the file exists or not. */
export function hooksFile(manifests: readonly SourceFile[]): string | undefined {
  let source = "src";
  for (const { path, root } of manifests) {
    const runtime = member(root, "runtime");
    const written = runtime && member(runtime, "hooks")?.value;
    if (typeof written === "string") return projectPath(path, written);
    const build = member(root, "build");
    const folder = build && member(build, "source")?.value;
    if (typeof folder === "string") source = folder;
  }
  return projectPath("mcpc.json", `${source}/hooks.ts`);
}

/**
 * Finds handler files with another extension than stubs have, and without a neighbour that has the extension of stubs.
 */
export function unusualHandlers(manifests: readonly SourceFile[], host: Pick<Host, "find" | "read">): string[] {
  const builds = manifests.map(({ root }) => member(root, "build"));
  const written = builds.map((build) => build && member(build, "source")?.value).find(Boolean);
  const source = projectPath("mcpc.json", typeof written === "string" ? written : "src");
  if (source === undefined) return [];
  const folders = ["tools", "resources", "resource-templates", "prompts"];
  const found = host.find(
    folders.map((folder) => `${source}/${folder}/*.{mts,cts,tsx}`),
    [],
  );
  return found.filter((path) => host.read(path.replace(/\.(?:[mc]ts|tsx)$/, ".ts")) === undefined);
}

function member(node: Located, key: string): Located | undefined {
  return node.kind === "object" ? node.members.find((candidate) => candidate.key === key)?.node : undefined;
}
