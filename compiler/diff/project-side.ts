import { parse } from "../1-read/parse.js";
import { lockOf } from "../4-emit/lock.js";
import type { CompiledManifests } from "../compile-manifests.js";
import { absoluteSpan } from "../diagnostics/absolute.js";
import { textOf as decoded, type Host } from "../host.js";
import { child, pointerTokens } from "../json-schema/pointer.js";
import { splitReference } from "../json-schema/reference.js";
import type { Located, Span } from "../model/source.js";
import { projectPath } from "../project-path.js";
import { surfaceOfLock } from "./lists-side.js";
import { sections, type Side } from "./surface.js";

/** Returns the side of a project's server, with spans in its manifests. */
export function projectSide({ server, offsets, costs }: CompiledManifests, host: Host, prefix: string): Side {
  const surface = surfaceOfLock(lockOf(server, costs), server.info);
  const spans = new Map(
    sections.flatMap((section) =>
      server[section].map(({ span }, index) => [`${section}/${index}`, absoluteSpan(span, offsets)] as const),
    ),
  );
  const definitions = new Map(server.definitions.map(({ name, span: at }) => [name, absoluteSpan(at, offsets)]));
  const bytes = (path: string): Uint8Array | undefined => host.read(path);
  const roots = new Map<string, Located | undefined>();
  const rootOf = (path: string): Located | undefined => {
    if (!roots.has(path)) {
      const content = bytes(path);
      roots.set(path, content && parse(path, content).file?.root);
    }
    return roots.get(path);
  };
  const serverNode = (): Located | undefined =>
    [...offsets.keys()]
      .flatMap((path) => rootOf(path) ?? [])
      .map((root) => child(root, "server"))
      .find((node) => node !== undefined);
  return {
    surface,
    prefix,
    textOf: (path) => {
      const content = bytes(path);
      return content && decoded(content);
    },
    spanOf: (from, at) => {
      if (!from) return serverNode()?.span && spanAt(serverNode()!, at, definitions, rootOf);
      const span = spans.get(`${from.section}/${from.index}`);
      const root = span && rootOf(span.path);
      const node = root && entryAround(root, span);
      return node ? spanAt(node, at, definitions, rootOf) : span;
    },
  };
}

/** Returns the innermost object around the span, which is the object around the entry's name. */
function entryAround(root: Located, { start, end }: Span): Located | undefined {
  let [node, found]: (Located | undefined)[] = [root, undefined];
  while (node) {
    if (node.kind === "object") found = node;
    node = childrenOf(node).find(({ span }) => span.start <= start && end <= span.end);
  }
  return found;
}

function nodeAt(root: Located, { start, end }: Span): Located | undefined {
  let node: Located | undefined = root;
  while (node && (node.span.start !== start || node.span.end !== end))
    node = childrenOf(node).find(({ span }) => span.start <= start && end <= span.end);
  return node;
}

function childrenOf(node: Located): readonly Located[] {
  if (node.kind === "object") return node.members.map(({ node: child }) => child);
  return node.kind === "array" ? node.items : [];
}

/** Returns the span of a member; definitions outside the entry are located in their own files. */
function spanAt(
  entry: Located,
  at: readonly string[],
  definitions: ReadonlyMap<string, Span>,
  rootOf: (path: string) => Located | undefined,
): Span {
  let node = entry;
  for (let index = 0; index < at.length; index++) {
    const token = at[index]!;
    let next = child(node, token);
    const section = at[index - 1];
    if (!next && section === "$defs") {
      const definition = definitions.get(token);
      const root = definition && rootOf(definition.path);
      next = (root && nodeAt(root, definition)) ?? referenced(entry, token, rootOf);
    }
    // The definition is outside the entry, and its name is the next token.
    if (!next && token === "$defs") continue;
    if (!next) return node.span;
    node = next;
  }
  return node.span;
}

/** Returns the schema of a file that a reference below an entry leads to, by its name from lowering. */
function referenced(entry: Located, name: string, rootOf: (path: string) => Located | undefined): Located | undefined {
  for (const [written, from] of referencesIn(entry)) {
    const { path, fragment } = splitReference(written);
    if (path === "") continue;
    const stem = path.replace(/^.*\//, "").replace(/(\.schema)?\.[^.]*$/, "");
    if ((pointerTokens(fragment).at(-1) ?? stem) !== name) continue;
    const file = projectPath(from, path);
    let node = file === undefined ? undefined : rootOf(file);
    for (const token of pointerTokens(fragment)) node = node && child(node, token);
    if (node) return node;
  }
  return undefined;
}

function* referencesIn(node: Located): Generator<readonly [written: string, from: string]> {
  if (node.kind === "object")
    for (const { key, node: member } of node.members)
      if (key === "$ref" && typeof member.value === "string") yield [member.value, member.span.path];
  for (const each of childrenOf(node)) yield* referencesIn(each);
}
