import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Declared } from "../model/project.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject, Located, SourceFile, Span } from "../model/source.js";

/** The sections of all manifests, concatenated, as written. */
export interface Merged {
  readonly server: Declared<JsonObject> | undefined;
  readonly defs: ReadonlyMap<string, Declared<JsonSchema>>;
  readonly tools: readonly Declared<JsonObject>[];
  readonly resources: readonly Declared<JsonObject>[];
  readonly resourceTemplates: readonly Declared<JsonObject>[];
  readonly prompts: readonly Declared<JsonObject>[];
  /** Definitions of upstreams, by name. */
  readonly upstreams: ReadonlyMap<string, Declared<JsonObject>>;
  readonly runtime: Declared<JsonObject> | undefined;
  readonly build: Declared<JsonObject> | undefined;
}

/** Merges manifests in path order. Names must be unique; only one manifest may have `server`, `runtime` or `build`. */
export function merge(manifests: readonly SourceFile[], diagnostics: Diagnostic[]): Merged {
  const sections = (key: string): Located[] =>
    manifests.map(({ root }) => child(root, key)).filter((node) => node !== undefined);
  const entries = (section: string, kind: string, id: string): Declared<JsonObject>[] => {
    const declared = sections(section)
      .flatMap((node) => (node.kind === "array" ? node.items : []))
      .map((node) => declare<JsonObject>(node, id));
    unique(declared, kind, id, diagnostics);
    return declared;
  };
  return {
    server: single(sections("server"), "manifest/several-servers", diagnostics),
    defs: definitions<JsonSchema>(sections("$defs"), "shared schema", diagnostics),
    upstreams: definitions<JsonObject>(sections("upstreams"), "upstream", diagnostics),
    tools: entries("tools", "tool", "name"),
    resources: entries("resources", "resource", "uri"),
    resourceTemplates: entries("resourceTemplates", "resource template", "uriTemplate"),
    prompts: entries("prompts", "prompt", "name"),
    runtime: single(sections("runtime"), "name/duplicate", diagnostics, "runtime"),
    build: single(sections("build"), "name/duplicate", diagnostics, "build"),
  };
}

function declare<T>(node: Located, id: string): Declared<T> {
  return {
    value: node.value as T,
    node,
    // A getter, because the span of an entry may require a parse.
    get span() {
      return child(node, id)?.span ?? opening(node);
    },
  };
}

function single(
  nodes: readonly Located[],
  code: "manifest/several-servers" | "name/duplicate",
  diagnostics: Diagnostic[],
  section = "",
): Declared<JsonObject> | undefined {
  const [first, ...others] = nodes;
  if (!first) return undefined;
  for (const other of others) {
    const related = [{ span: opening(first), message: "first here" }];
    const found =
      code === "name/duplicate"
        ? diagnose(code, opening(other), { kind: "section", name: section }, related)
        : diagnose(code, opening(other), {}, related);
    diagnostics.push(found);
  }
  return { value: first.value as JsonObject, node: first, span: opening(first) };
}

function definitions<T>(nodes: readonly Located[], kind: string, diagnostics: Diagnostic[]): Map<string, Declared<T>> {
  const found = new Map<string, Declared<T>>();
  for (const node of nodes) {
    if (node.kind !== "object") continue;
    for (const { key, keySpan, node: schema } of node.members) {
      const first = found.get(key);
      if (first) duplicate(kind, key, keySpan, first.span, diagnostics);
      else found.set(key, { value: schema.value as T, node: schema, span: keySpan });
    }
  }
  return found;
}

function unique(entries: readonly Declared<JsonObject>[], kind: string, id: string, diagnostics: Diagnostic[]): void {
  const first = new Map<Json, Declared<JsonObject>>();
  for (const entry of entries) {
    const name = entry.value[id];
    // Another check reports a name of the wrong type.
    if (typeof name !== "string") continue;
    const other = first.get(name);
    if (other) duplicate(kind, name, entry.span, other.span, diagnostics);
    else first.set(name, entry);
  }
}

function duplicate(kind: string, name: string, span: Span, first: Span, diagnostics: Diagnostic[]): void {
  diagnostics.push(diagnose("name/duplicate", span, { kind, name }, [{ span: first, message: "first here" }]));
}

function opening({ span }: Located): Span {
  return { ...span, end: span.start + 1 };
}
