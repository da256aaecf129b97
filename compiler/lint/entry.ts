import { pointer } from "../json-schema/pointer.js";
import { decoded } from "../json-schema/reference.js";
import { applicators } from "../json-schema/walk.js";
import type { Prompt, Resource, ResourceTemplate, Tool } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

export type EntrySection = "tools" | "resources" | "resourceTemplates" | "prompts";

/** An entry as rules see it. */
export interface ListedEntry {
  readonly section: EntrySection;
  /** The name of a tool or prompt, the URI of a resource or template. */
  readonly id: string;
  /** `tools/search`, as waivers name it. */
  readonly key: string;
  /** The entry in the answer of the list method. */
  readonly listing: JsonObject;
  /** All that is known of the entry. */
  readonly lowered: Tool | Resource | ResourceTemplate | Prompt;
  /** The schemas of a tool and all that they contain, roots first, except unused definitions. Computed at the first use. */
  readonly subschemas: readonly Subschema[];
  /** JSON Pointers of the definitions in the schemas that no reference leads to. */
  readonly unusedDefinitions: readonly string[];
}

/** A schema within the input or output of a tool. */
export interface Subschema {
  /** JSON Pointer into the listing. */
  readonly at: string;
  readonly of: "input" | "output";
  readonly schema: JsonObject | boolean;
  /** The schema around this one; absent for a root. */
  readonly parent?: Subschema;
  /** The keyword of the parent that contains this schema. */
  readonly keyword?: string;
  /** The name in a keyword such as `properties`. */
  readonly name?: string;
}

export interface ServerInfo {
  readonly name: string;
  readonly title?: string;
  readonly instructions?: string;
  /** The time limit of tools without one of their own. */
  readonly timeoutMs?: number;
}

/** All entries, as far as rules see them. */
export interface ListedSurface {
  readonly server: ServerInfo;
  readonly entries: readonly ListedEntry[];
  /** Tools that clients see, with those of the compiler. */
  readonly tools: number;
}

type Lowered = Tool | Resource | ResourceTemplate | Prompt;

export function entryOf(section: EntrySection, lowered: Lowered): ListedEntry {
  const id = idOf(lowered);
  let known: Schemas | undefined;
  const schemas = (): Schemas => (known ??= schemasOf(lowered.listing));
  return {
    section,
    id,
    key: `${section}/${id}`,
    listing: lowered.listing,
    lowered,
    get subschemas() {
      return schemas().used;
    },
    get unusedDefinitions() {
      return schemas().unused;
    },
  };
}

function idOf(lowered: Lowered): string {
  if (lowered.kind === "resource") return lowered.uri;
  return lowered.kind === "resourceTemplate" ? lowered.uriTemplate : lowered.name;
}

interface Schemas {
  readonly used: readonly Subschema[];
  readonly unused: readonly string[];
}

function schemasOf({ inputSchema, outputSchema }: JsonObject): Schemas {
  const found: Subschema[] = [];
  if (isSchema(inputSchema)) collect({ at: "/inputSchema", of: "input", schema: inputSchema }, found);
  if (isSchema(outputSchema)) collect({ at: "/outputSchema", of: "output", schema: outputSchema }, found);
  return withoutUnusedDefinitions(found);
}

const otherReferences = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"];

/** Separates definitions that no reference leads to, because they say nothing about values. */
function withoutUnusedDefinitions(all: readonly Subschema[]): Schemas {
  const definitionOf = (at: string): string => /^\/\w+Schema(?:\/(?:\$defs|definitions)\/[^/]+)?/.exec(at)![0];
  // With these, a reference may lead to a definition without naming it.
  if (all.some(({ schema }) => typeof schema === "object" && otherReferences.some((key) => Object.hasOwn(schema, key))))
    return { used: all, unused: [] };
  const parts = new Map<string, Subschema[]>();
  for (const each of all) {
    const definition = definitionOf(each.at);
    const own = parts.get(definition);
    if (own) own.push(each);
    else parts.set(definition, [each]);
  }
  const used = new Set<string>();
  const visit = (definition: string): void => {
    if (used.has(definition)) return;
    used.add(definition);
    for (const { of, schema } of parts.get(definition) ?? []) {
      const reference = typeof schema === "boolean" ? undefined : schema["$ref"];
      if (typeof reference === "string") visit(definitionOf(`/${of}Schema${decoded(reference.slice(1))}`));
    }
  };
  visit("/inputSchema");
  visit("/outputSchema");
  return {
    used: all.filter(({ at }) => used.has(definitionOf(at))),
    unused: [...parts.keys()].filter((definition) => !used.has(definition)),
  };
}

/** Collects a schema and all schemas in it, in document order. */
function collect(parent: Subschema, found: Subschema[]): void {
  found.push(parent);
  if (typeof parent.schema === "boolean") return;
  for (const [keyword, value] of Object.entries(parent.schema)) {
    const how = applicators.get(keyword);
    if (how === undefined) continue;
    const at = `${parent.at}/${keyword}`;
    const below = (schema: Json | undefined, step: readonly (string | number)[], name?: string): void => {
      if (!isSchema(schema)) return;
      const part = { at: at + pointer(step), of: parent.of, schema, parent, keyword };
      collect(name === undefined ? part : { ...part, name }, found);
    };
    if (Array.isArray(value)) value.forEach((item: Json, index) => below(item, [index]));
    else if (how === "map" || how === "map-or-names") {
      for (const [name, schema] of Object.entries((value ?? {}) as JsonObject)) below(schema, [name], name);
    } else below(value, []);
  }
}

function isSchema(value: Json | undefined): value is JsonObject | boolean {
  return typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value));
}
