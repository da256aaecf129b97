import type { ErrorObject, ValidateFunction } from "ajv";
import { diagnose, hasErrors, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child, locateNearest, pointer, pointerTokens } from "../json-schema/pointer.js";
import { resolve, type ResolutionFailure } from "../json-schema/resolve.js";
import { placeOf, schemasAt, type Place, type SchemaResource } from "../json-schema/resource.js";
import { referencesOf } from "../json-schema/scope.js";
import { mapped } from "../json-schema/walk.js";
import type { JsonSchema, Reachable, SchemaRoot } from "../model/schema.js";
import type { Json, JsonObject, Located, Span } from "../model/source.js";
import { tooDeep } from "./chains.js";
import { circles, type KnownWays } from "./circles.js";
import { contradictions } from "./contradictions.js";
import { sameAnchors, sameIds } from "./identifiers.js";
import { checkKeywords } from "./keywords.js";
import { checkPatterns } from "./patterns.js";
import { schemaValidator } from "./precompiled.js";
import { checkSatisfiable } from "./satisfiable.js";
import { typeName } from "./shape.js";

/** The outcome of the checks of one schema. */
export interface SchemaFindings {
  readonly diagnostics: readonly Diagnostic[];
  /** Schemas in schema files that the schema refers to; a separate step checks them. */
  readonly targets: readonly Target[];
}

/** A schema in a schema file. */
export interface Target {
  readonly file: string;
  /** The path from the root of the file, as a URI fragment. */
  readonly fragment: string;
  /** The reference that names it. */
  readonly via: Span;
}

export interface SchemaChecks {
  /** Checks a schema of a manifest: dialect, validity, keywords, formats, patterns, contradictions, references. */
  check(root: SchemaRoot): SchemaFindings;
  /** Checks schemas in schema files, and all schemas that they reach there; returns the findings of each target. */
  checkTargets(targets: readonly Target[]): readonly (readonly Diagnostic[])[];
}

/** A schema in the queue, and the reference that leads to it. */
interface Visit {
  readonly place: Place;
  readonly via?: Span;
}

/** Creates the checks. Each shared definition is checked separately, so references to definitions are not followed. */
export function schemaChecks(reachable: Reachable): SchemaChecks {
  const ways: KnownWays = new Map();
  /** Checks a schema and its subschemas; `onReference` receives the targets of references. */
  const visit = (start: Place, seen: Set<Located>, onReference: (place: Place, via: Span) => void): Diagnostic[] => {
    const found: Diagnostic[] = [];
    const unsupported = new Set<SchemaResource>();
    let isBroken = false;
    for (const place of schemasAt(start)) {
      const { node, resource } = place;
      seen.add(node);
      const { dialect } = resource;
      if (dialect === undefined) {
        if (unsupported.has(resource)) continue;
        unsupported.add(resource);
        const declared = child(resource.node, "$schema") ?? resource.node;
        found.push(diagnose("schema/unsupported-dialect", declared.span, { dialect: String(declared.value) }));
        continue;
      }
      const validate = schemaValidator(dialect);
      if (node === start.node || (node === resource.node && isOther(resource))) {
        const mistakes = validity(node, resource, validate);
        found.push(...mistakes);
        isBroken ||= mistakes.length > 0;
      }
      if (node.kind !== "object") continue;
      checkKeywords(node, dialect, (schema) => validate(schema) === true, found);
      // The other checks require well-formed keywords.
      if (isBroken) continue;
      checkPatterns(node, found);
      checkSatisfiable(node, dialect, found);
      for (const { at, other, reason } of contradictions(place, reachable)) {
        const related = [{ span: other.span, message: "together with this" }];
        found.push(diagnose("schema/unsatisfiable", at.span, { reason, suggestion: undefined }, related));
      }
      for (const { written, span } of referencesOf(place)) {
        const target = resolve(written, resource, reachable);
        if ("failure" in target) found.push(failure(target.failure, written, span, resource, reachable));
        else if (!target.place.resource.document.root.builtIn) onReference(target.place, span);
      }
    }
    return hasErrors(found) ? found : [...found, ...circles(start, reachable, ways)];
  };
  const check = (root: SchemaRoot): SchemaFindings => {
    const start = placeOf(root);
    const { document } = start.resource;
    const diagnostics: Diagnostic[] =
      root.definition === undefined ? [...sameIds(document), ...sameAnchors(document)] : [];
    const targets: Target[] = [];
    const seen = new Set<Located>();
    const queue = [start];
    for (let place = queue.shift(); place; place = queue.shift()) {
      if (seen.has(place.node)) continue;
      const found = visit(place, seen, (target, via) => {
        const { root: other } = target.resource.document;
        if (target.resource.document === document) queue.push(target);
        else if (other.definition === undefined)
          targets.push({ file: other.file, fragment: fragmentOf(target.node, other.node), via });
      });
      diagnostics.push(...found);
    }
    const chain = tooDeep(start, reachable);
    return { diagnostics: chain ? [...diagnostics, chain] : diagnostics, targets };
  };
  const checkTargets = (targets: readonly Target[]): Diagnostic[][] => {
    const seen = new Set<Located>();
    return targets.map(({ file, fragment, via }) => {
      const target = resolve(`#${fragment}`, placeOf(reachable.files.get(file)!).resource, reachable);
      if ("failure" in target) throw new Error(`${file}#${fragment} was found before`);
      const diagnostics: Diagnostic[] = [];
      const queue: Visit[] = [{ place: target.place, via }];
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (seen.has(next.place.node)) continue;
        const { document } = next.place.resource;
        const found = visit(next.place, seen, (place, via) => {
          if (place.resource.document === document) queue.push({ place });
          else if (place.resource.document.root.definition === undefined) queue.push({ place, via });
        });
        for (const diagnostic of found) diagnostics.push(reachedBy(diagnostic, next.via));
      }
      return diagnostics;
    });
  };
  return { check, checkTargets };
}

const fragments = new WeakMap<Located, ReadonlyMap<Located, string>>();

/** Returns the path from the root of a file to a value, as a URI fragment. Each file is walked once. */
function fragmentOf(node: Located, root: Located): string {
  let byNode = fragments.get(root);
  if (!byNode) {
    const found = new Map<Located, string>();
    const visit = (each: Located, fragment: string): void => {
      found.set(each, fragment);
      const below =
        each.kind === "array"
          ? each.items.map((item, index) => [String(index), item] as const)
          : each.kind === "object"
            ? each.members.map(({ key, node: held }) => [key, held] as const)
            : [];
      for (const [token, held] of below) visit(held, `${fragment}/${encodeURIComponent(pointer([token]).slice(1))}`);
    };
    visit(root, "");
    fragments.set(root, (byNode = found));
  }
  return byNode.get(node)!;
}

/** Adds the referring span to a diagnostic in a schema file. */
function reachedBy(diagnostic: Diagnostic, via: Span | undefined): Diagnostic {
  if (!via || via.path === diagnostic.span?.path) return diagnostic;
  return { ...diagnostic, related: [...diagnostic.related, { span: via, message: "referred to here" }] };
}

/** Whether a part of a document has another dialect than its document. */
function isOther({ dialect, document }: SchemaResource): boolean {
  return dialect !== document.main.dialect;
}

/** Reports violations of a schema's dialect; each dialect checks its own parts. */
function validity(node: Located, { document }: SchemaResource, validate: ValidateFunction): Diagnostic[] {
  const elsewhere = new Set<Json>([...document.embedded.values()].filter(isOther).map((other) => other.node.value));
  const part = (value: Json): Json => {
    if (elsewhere.has(value) && value !== node.value) return true;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value as JsonObject).map(([key, each]) => [key, mapped(key, each, part)]));
  };
  const schema = (elsewhere.size === 0 ? node.value : part(node.value)) as JsonSchema;
  const { $schema: _, ...rest } = typeof schema === "object" ? schema : {};
  if (validate(typeof schema === "object" ? rest : schema)) return [];
  const errors = validate.errors ?? [];
  const longest = Math.max(...errors.map((error) => error.instancePath.length));
  const places = new Map<string, Diagnostic>();
  for (const error of errors) {
    if (["if", "anyOf", "oneOf", "$ref"].includes(error.keyword) && error.instancePath.length < longest) continue;
    if (places.has(error.instancePath)) continue;
    const at = locateNearest(node, pointerTokens(error.instancePath));
    places.set(error.instancePath, invalid(at, error));
  }
  return [...places.values()];
}

function invalid(at: Located, { keyword, instancePath, message, params }: ErrorObject): Diagnostic {
  const name = pointerTokens(instancePath).at(-1);
  const what = name === undefined ? "it" : JSON.stringify(name);
  const allowed = params["allowedValues"] as readonly unknown[] | undefined;
  // In the position of a schema, ajv expects an object or a boolean.
  const isSchema = keyword === "type" && [params["type"]].flat().join() === "object,boolean";
  if (isSchema) {
    const like = `{ "type": ${JSON.stringify(types.find((type) => type === at.value) ?? "string")} }`;
    const reason = `${what} must be a schema, such as ${like}, not ${typeName(at.value)}`;
    return diagnose("schema/invalid", at.span, { reason });
  }
  const named = pointerTokens(instancePath).at(-2);
  const help =
    name === "required" && typeof at.value === "boolean" && named !== undefined
      ? `list the name under the object's "required": [${JSON.stringify(named)}]`
      : undefined;
  const choices = allowed?.map(String) ?? [];
  const word = String(at.value);
  const list = choices.length === 0 ? "" : ` (${choices.join(", ")})`;
  const reason = `${what} ${message ?? `does not obey ${keyword}`}${list}`;
  const suggestion = otherTypes[word] ?? nearest(word, choices);
  const fix = typeof at.value === "string" ? respell(at.span, certain(word, choices)) : undefined;
  return diagnose("schema/invalid", at.span, { reason, suggestion, help }, [], fix);
}

const types = ["array", "boolean", "integer", "null", "number", "object", "string"] as const;

/** Names of types in programming languages. */
const otherTypes: Readonly<Record<string, (typeof types)[number]>> = {
  str: "string",
  text: "string",
  int: "integer",
  float: "number",
  double: "number",
  bool: "boolean",
  list: "array",
  dict: "object",
  map: "object",
  record: "object",
  none: "null",
  undefined: "null",
};

function failure(
  reason: ResolutionFailure,
  reference: string,
  span: Span,
  { node }: SchemaResource,
  reachable: Reachable,
): Diagnostic {
  if (reason === "outside") return diagnose("reference/outside-project", span, { reference });
  if (reason === "remote") return diagnose("reference/remote", span, { reference });
  const own = child(node, "$defs");
  const names = [...(own?.kind === "object" ? own.members.map(({ key }) => key) : []), ...reachable.definitions.keys()];
  const candidates = new Set(names.map((name) => `#/$defs/${name}`));
  // Other dialects and OpenAPI have another place for shared schemas.
  const elsewhere = `#/$defs/${reference.slice(reference.lastIndexOf("/") + 1)}`;
  const same = /^#\/(?!\$defs\/)/.test(reference) && candidates.has(elsewhere) ? elsewhere : undefined;
  const parameters = { reference, suggestion: same ?? nearest(reference, candidates) };
  return diagnose("reference/unresolved", span, parameters, [], respell(span, same ?? certain(reference, candidates)));
}
