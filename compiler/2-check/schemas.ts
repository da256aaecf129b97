import type { ErrorObject, ValidateFunction } from "ajv";
import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child, locateNearest, pointerTokens } from "../json-schema/pointer.js";
import { resolve, type Failure, type Reachable } from "../json-schema/resolve.js";
import { documentOf, placeOf, schemasAt, type Place, type Resource, type SchemaRoot } from "../json-schema/resource.js";
import { referencesOf, type Reference } from "../json-schema/scope.js";
import { mapped } from "../json-schema/walk.js";
import type { Again, Lasting } from "../model/again.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject, Located, Span } from "../model/source.js";
import { tooDeep } from "./chains.js";
import { circles, type KnownWays } from "./circles.js";
import { sameAnchors, sameIds } from "./identifiers.js";
import { checkKeywords } from "./keywords.js";
import { checkPatterns } from "./patterns.js";
import { schemaValidator } from "./precompiled.js";
import { checkSatisfiable } from "./satisfiable.js";
import { typeName } from "./shape.js";
import { contradictions } from "./together.js";

export interface SchemaChecks {
  /** Checks one schema and all it reaches; what is reached twice is checked once. */
  check(root: SchemaRoot): void;
}

/** A schema still to be checked, which the reference at `via` names. */
interface Visit {
  readonly place: Place;
  readonly via?: Span;
}

/**
 * Checks of user schemas: dialect, validity, keywords, formats, patterns, contradictions, references. `others` stands for
 * all that a schema may reach beyond itself.
 */
export function schemaChecks(
  reachable: Reachable,
  others: string,
  again: Again,
  lasting: Lasting,
  diagnostics: Diagnostic[],
): SchemaChecks {
  const seen = new Set<Located>();
  const ways: KnownWays = new Map();
  const queue: Visit[] = [];
  const visit = (start: Place, found: Diagnostic[]): void => {
    const unsupported = new Set<Resource>();
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
      // The other checks rely on the forms of keywords.
      if (isBroken) continue;
      checkPatterns(node, found);
      checkSatisfiable(node, dialect, found);
      for (const { at, other, reason } of contradictions(place, reachable)) {
        const related = [{ span: other.span, message: "together with this" }];
        found.push(diagnose("schema/unsatisfiable", at.span, { reason, suggestion: undefined }, related));
      }
      for (const reference of referencesOf(place)) follow(reference, resource, found);
    }
    if (found.length === 0 || !found.some(({ severity }) => severity === "error"))
      found.push(...circles(start, reachable, ways));
  };
  const follow = (reference: Reference, resource: Resource, found: Diagnostic[]): void => {
    const { written, span } = reference;
    const target = resolve(written, resource, reachable);
    if ("failure" in target) return void found.push(failure(target.failure, written, span, resource, reachable));
    const { place } = target;
    const { root, main } = place.resource.document;
    if (root.builtIn) return;
    if (place.resource.document === resource.document) queue.push({ place });
    else queue.push({ place: root.definition === undefined ? place : { node: root.node, resource: main }, via: span });
  };
  let mistakes = 0;
  /** Whether there has been no mistake: then there is none where the same is reached again. */
  const look = (start: SchemaRoot): boolean => {
    queue.push({ place: placeOf(start) });
    if (start.definition === undefined) {
      const document = documentOf(start);
      const same = [...sameIds(document), ...sameAnchors(document)];
      mistakes += same.length;
      diagnostics.push(...same);
    }
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (seen.has(next.place.node)) continue;
      seen.add(next.place.node);
      const found: Diagnostic[] = [];
      visit(next.place, found);
      mistakes += found.length;
      diagnostics.push(...found.map((diagnostic) => reachedBy(diagnostic, next.via)));
    }
    const chain = diagnostics.some(({ code }) => code === "reference/too-deep")
      ? undefined
      : tooDeep(placeOf(start), reachable);
    if (chain) {
      mistakes += 1;
      diagnostics.push(chain);
    }
    return mistakes === 0;
  };
  const check = (start: SchemaRoot): void => {
    if (mistakes > 0) return void look(start);
    const { value } = start.node;
    const key = typeof value === "object" && value !== null ? value : JSON.stringify(value);
    const reaching = again("reaching schemas", key, () => {
      const text = JSON.stringify(value);
      return reaches.test(text) ? text : undefined;
    });
    const reached = reaching === undefined ? "" : `${others} ${start.file} `;
    let looked = false;
    const known = again("schemas", reaching === undefined ? key : `${reached}${reaching}`, () =>
      lasting("schemas", `${reached}${reaching ?? JSON.stringify(value)}`, () => {
        looked = true;
        return look(start);
      }),
    );
    if (!known && !looked) look(start);
  };
  return { check };
}

const reaches = /"\$(?:ref|dynamicRef|recursiveRef)"/;

/** A mistake in a file of schemas also shows who refers to it. */
function reachedBy(diagnostic: Diagnostic, via: Span | undefined): Diagnostic {
  if (!via || via.path === diagnostic.span?.path) return diagnostic;
  return { ...diagnostic, related: [...diagnostic.related, { span: via, message: "referred to here" }] };
}

/** Whether a part of a document has another dialect than the whole. */
function isOther({ dialect, document }: Resource): boolean {
  return dialect !== document.main.dialect;
}

/** Mistakes in a schema by its dialect; each dialect checks its own parts. */
function validity(node: Located, { document }: Resource, validate: ValidateFunction): Diagnostic[] {
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
  // Where a schema belongs, ajv asks for an object or a boolean.
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

function failure(reason: Failure, reference: string, span: Span, { node }: Resource, reachable: Reachable): Diagnostic {
  if (reason === "outside") return diagnose("reference/outside-project", span, { reference });
  if (reason === "remote") return diagnose("reference/remote", span, { reference });
  const own = child(node, "$defs");
  const names = [...(own?.kind === "object" ? own.members.map(({ key }) => key) : []), ...reachable.definitions.keys()];
  const candidates = new Set(names.map((name) => `#/$defs/${name}`));
  // Other dialects and OpenAPI keep shared schemas elsewhere.
  const elsewhere = `#/$defs/${reference.slice(reference.lastIndexOf("/") + 1)}`;
  const same = /^#\/(?!\$defs\/)/.test(reference) && candidates.has(elsewhere) ? elsewhere : undefined;
  const parameters = { reference, suggestion: same ?? nearest(reference, candidates) };
  return diagnose("reference/unresolved", span, parameters, [], respell(span, same ?? certain(reference, candidates)));
}
