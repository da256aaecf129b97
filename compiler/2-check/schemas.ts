import type { ValidateFunction } from "ajv";
import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { dialectOf } from "../json-schema/dialect.js";
import { child, locateNearest, pointerTokens } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { subschemas } from "../json-schema/walk.js";
import type { Again, Lasting } from "../model/again.js";
import type { JsonSchema } from "../model/schema.js";
import type { Located, Span } from "../model/source.js";
import { tooDeep } from "./chains.js";
import { circles } from "./circles.js";
import { checkKeywords } from "./keywords.js";
import { checkPatterns } from "./patterns.js";
import { schemaValidator } from "./precompiled.js";
import { checkSatisfiable } from "./satisfiable.js";
import { contradictions } from "./together.js";

export interface SchemaChecks {
  /** Checks one schema and all it reaches; what is reached twice is checked once. */
  check(root: SchemaRoot): void;
}

/** A schema still to be checked: all of `root`, or the part `node` of it, which the reference at `via` names. */
interface Visit {
  readonly root: SchemaRoot;
  readonly node: Located;
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
  const straight = new Set<Located>();
  const queue: Visit[] = [];
  const visit = ({ root, node }: Visit, found: Diagnostic[]): void => {
    const dialect = dialectOf(root.node.value as JsonSchema);
    if (dialect === undefined) {
      const declared = child(root.node, "$schema") ?? root.node;
      found.push(diagnose("schema/unsupported-dialect", declared.span, { dialect: String(declared.value) }));
      return;
    }
    const validate = schemaValidator(dialect);
    const isValid = (schema: JsonSchema): boolean => validate(schema) === true;
    found.push(...validity(node, validate));
    if (found.length > 0) return;
    for (const schema of subschemas(node)) {
      checkKeywords(schema, dialect, isValid, found);
      checkPatterns(schema, found);
      checkSatisfiable(schema, dialect, found);
      for (const { at, other, reason } of contradictions(schema, root, reachable, dialect)) {
        const related = [{ span: other.span, message: "together with this" }];
        found.push(diagnose("schema/unsatisfiable", at.span, { reason, suggestion: undefined }, related));
      }
      for (const keyword of ["$ref", "$dynamicRef"]) {
        const reference = child(schema, keyword);
        if (typeof reference?.value === "string") follow(reference.value, reference.span, root, found);
      }
    }
    found.push(...circles(root, node, reachable, straight));
  };
  const follow = (written: string, span: Span, root: SchemaRoot, found: Diagnostic[]): void => {
    const resolved = resolve(written, root, reachable);
    if (resolved.kind === "failure") found.push(failure(resolved.reason, written, span, root, reachable));
    if (resolved.kind !== "definition" && resolved.kind !== "file") return;
    const node = resolved.kind === "definition" ? resolved.root.node : resolved.node;
    const [own, other] = [root, resolved.root].map((each) => dialectOf(each.node.value as JsonSchema));
    const keyword = own === other || other === undefined ? undefined : dialectKeyword(node);
    if (keyword !== undefined) found.push(diagnose("reference/other-dialect", span, { reference: written, keyword }));
    queue.push({ root: resolved.root, node, via: span });
  };
  let mistakes = 0;
  /** Whether there has been no mistake: then there is none where the same is reached again. */
  const look = (start: SchemaRoot): boolean => {
    queue.push({ root: start, node: start.node });
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (seen.has(next.node)) continue;
      seen.add(next.node);
      const found: Diagnostic[] = [];
      visit(next, found);
      mistakes += found.length;
      diagnostics.push(...found.map((diagnostic) => reachedBy(diagnostic, next.via)));
    }
    const chain = diagnostics.some(({ code }) => code === "reference/too-deep") ? undefined : tooDeep(start, reachable);
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

function validity(node: Located, validate: ValidateFunction): Diagnostic[] {
  const schema = node.value as JsonSchema;
  const { $schema: _, ...rest } = typeof schema === "object" ? schema : {};
  if (validate(typeof schema === "object" ? rest : schema)) return [];
  const errors = validate.errors ?? [];
  const longest = Math.max(...errors.map((error) => error.instancePath.length));
  const places = new Map<string, Diagnostic>();
  for (const error of errors) {
    if (["if", "anyOf", "oneOf", "$ref"].includes(error.keyword) && error.instancePath.length < longest) continue;
    if (places.has(error.instancePath)) continue;
    const at = locateNearest(node, pointerTokens(error.instancePath));
    const name = pointerTokens(error.instancePath).at(-1);
    const reason = `${name === undefined ? "it" : JSON.stringify(name)} ${error.message ?? `does not obey ${error.keyword}`}`;
    places.set(error.instancePath, diagnose("schema/invalid", at.span, { reason: `${reason}${values(error.params)}` }));
  }
  return [...places.values()];
}

function values(params: Record<string, unknown>): string {
  const allowed = params["allowedValues"];
  return Array.isArray(allowed) ? ` (${allowed.map(String).join(", ")})` : "";
}

/** A keyword below a schema that dialects understand differently. */
function dialectKeyword(node: Located): string | undefined {
  for (const schema of subschemas(node)) {
    const found = schema.members.find(
      ({ key, node: value }) => telling.has(key) || (key === "items" && value.kind === "array"),
    );
    if (found) return found.key;
  }
  return undefined;
}

const telling: ReadonlySet<string> = new Set(
  (
    "prefixItems additionalItems dependencies dependentRequired dependentSchemas unevaluatedProperties unevaluatedItems " +
    "minContains maxContains $dynamicRef $recursiveRef"
  ).split(" "),
);

function failure(
  reason: "unresolved" | "outside" | "missing" | "remote",
  reference: string,
  span: Span,
  root: SchemaRoot,
  reachable: Reachable,
): Diagnostic {
  if (reason === "outside") return diagnose("reference/outside-project", span, { reference });
  if (reason === "remote") return diagnose("reference/remote", span, { reference });
  const own = child(root.node, "$defs");
  const names = [...(own?.kind === "object" ? own.members.map(({ key }) => key) : []), ...reachable.definitions.keys()];
  const candidates = new Set(names.map((name) => `#/$defs/${name}`));
  const parameters = { reference, suggestion: nearest(reference, candidates) };
  return diagnose("reference/unresolved", span, parameters, [], respell(span, certain(reference, candidates)));
}
