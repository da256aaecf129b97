import type { Ajv } from "ajv";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import { createAjv, dialectOf, knownFormats, knownKeywords } from "../json-schema/dialect.js";
import { child, locateNearest, pointerTokens } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { subschemas } from "../json-schema/walk.js";
import type { Dialect, JsonSchema } from "../model/schema.js";
import type { Located, LocatedObject, Span } from "../model/source.js";

export interface SchemaChecks {
  /** Checks one schema (all of `root`, or the part `start` of it) and all it reaches; what is reached twice is checked once. */
  check(root: SchemaRoot, start?: Located): void;
}

/** Checks of user schemas: dialect, validity, keywords, formats, patterns, references. */
export function schemaChecks(reachable: Reachable, diagnostics: Diagnostic[]): SchemaChecks {
  const metaValidators = new Map<Dialect, Ajv>();
  const metaValidator = (dialect: Dialect): Ajv => {
    let ajv = metaValidators.get(dialect);
    if (!ajv)
      metaValidators.set(dialect, (ajv = createAjv(dialect, { validateSchema: "log", validateFormats: false })));
    return ajv;
  };
  const seen = new Set<Located>();
  const check = (root: SchemaRoot, node: Located = root.node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const dialect = dialectOf(root.node.value as JsonSchema);
    if (dialect === undefined) {
      const declared = child(root.node, "$schema") ?? root.node;
      diagnostics.push(diagnose("schema/unsupported-dialect", declared.span, { dialect: String(declared.value) }));
      return;
    }
    const invalid = validity(node, metaValidator(dialect));
    diagnostics.push(...invalid);
    if (invalid.length > 0) return;
    for (const schema of subschemas(node)) {
      keywords(schema, diagnostics);
      for (const keyword of ["$ref", "$dynamicRef"]) {
        const reference = child(schema, keyword);
        if (typeof reference?.value === "string") follow(reference.value, reference.span, root);
      }
    }
  };
  const follow = (written: string, span: Span, root: SchemaRoot): void => {
    const resolved = resolve(written, root, reachable);
    if (resolved.kind === "definition" || resolved.kind === "file") {
      const target = resolved.kind === "definition" ? resolved.root.node : resolved.node;
      const [own, other] = [
        dialectOf(root.node.value as JsonSchema),
        dialectOf(resolved.root.node.value as JsonSchema),
      ];
      const keyword = own === other || other === undefined ? undefined : dialectKeyword(target);
      if (keyword !== undefined)
        diagnostics.push(diagnose("reference/other-dialect", span, { reference: written, keyword }));
    }
    if (resolved.kind === "definition") check(resolved.root);
    else if (resolved.kind === "file") check(resolved.root, resolved.node);
    else if (resolved.kind === "failure") diagnostics.push(failure(resolved.reason, written, span, root, reachable));
  };
  return { check };
}

function validity(node: Located, ajv: Ajv): Diagnostic[] {
  const schema = node.value as JsonSchema;
  const { $schema: _, ...rest } = typeof schema === "object" ? schema : {};
  if (ajv.validateSchema(typeof schema === "object" ? rest : schema)) return [];
  const errors = ajv.errors ?? [];
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

function keywords(schema: LocatedObject, diagnostics: Diagnostic[]): void {
  for (const { key, keySpan, node } of schema.members) {
    if (key === "pattern") pattern(String(node.value), node.span, diagnostics);
    else if (key === "patternProperties" && node.kind === "object") {
      for (const member of node.members) pattern(member.key, member.keySpan, diagnostics);
    } else if (key === "format" && typeof node.value === "string" && !knownFormats.has(node.value)) {
      const suggestion = nearest(node.value, knownFormats);
      diagnostics.push(diagnose("schema/unknown-format", node.span, { format: node.value, suggestion }));
    } else if (!knownKeywords.has(key) && !key.startsWith("x-")) {
      diagnostics.push(
        diagnose("schema/unknown-keyword", keySpan, { keyword: key, suggestion: nearest(key, knownKeywords) }),
      );
    }
  }
}

function pattern(source: string, span: Span, diagnostics: Diagnostic[]): void {
  try {
    new RegExp(source, "u");
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: .*: /s, "").toLowerCase();
    diagnostics.push(diagnose("schema/invalid-pattern", span, { pattern: source, reason }));
  }
}

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
  const suggestion = nearest(reference, new Set(names.map((name) => `#/$defs/${name}`)));
  return diagnose("reference/unresolved", span, { reference, suggestion });
}
