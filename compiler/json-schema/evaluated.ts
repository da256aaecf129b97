import { createRequire } from "node:module";
import type { Ajv, CodeKeywordDefinition, KeywordCxt } from "ajv";
import type * as Codegen from "ajv/dist/compile/codegen/index.js";
import type * as Errors from "ajv/dist/compile/errors.js";
import type * as Utilities from "ajv/dist/compile/util.js";
import type { Json, JsonObject } from "../model/source.js";
import { pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";

/** Loaded on demand: few builds compile a schema. */
const require = createRequire(import.meta.url);
const codegen = (): typeof Codegen => require("ajv/dist/compile/codegen/index.js") as typeof Codegen;
const utilities = (): typeof Utilities => require("ajv/dist/compile/util.js") as typeof Utilities;
interface Names {
  readonly default: { readonly errors: Codegen.Name };
}
const errorCount = (): Codegen.Name => (require("ajv/dist/compile/names.js") as Names).default.errors;

type Code = (cxt: KeywordCxt) => void;

/**
 * Makes ajv record evaluated properties and items as the specification requires (core, section 11). ajv loses records
 * if a branch fails, keeps those of a failed `if`, and counts all items as evaluated for any `contains`.
 */
export function noteEvaluated(ajv: Ajv): void {
  const change = (keyword: string, changed: (code: Code) => Code, more: object = {}): void => {
    const definition = ajv.getKeyword(keyword);
    if (typeof definition !== "object") return;
    const { code } = definition as CodeKeywordDefinition;
    const unchanged: Code = (cxt) => code(cxt);
    const noting = changed(unchanged);
    Object.assign(definition, more, {
      code: (cxt: KeywordCxt) => (cxt.it.opts.unevaluated === true ? noting(cxt) : unchanged(cxt)),
    });
  };
  for (const keyword of ["anyOf", "oneOf", "dependentSchemas"]) {
    change(keyword, (code) => (cxt) => {
      ownNotes(cxt);
      code(cxt);
    });
  }
  change("patternProperties", (code) => (cxt) => notePatternsApart(cxt, code));
  change("$ref", (code) => (cxt) => copyNotes(cxt, code));
  change("if", () => conditionCode);
  change("contains", (code) => (cxt) => {
    const { items } = cxt.it;
    code(cxt);
    Object.assign(cxt.it, { items });
  });
  change("unevaluatedProperties", () => unevaluatedPropertiesCode);
  change("unevaluatedItems", () => unevaluatedItemsCode, { trackErrors: true });
}

/** Creates variables for the records of a schema, to which passing branches add. */
export function ownNotes({ gen, it }: KeywordCxt): void {
  const { _, Name } = codegen();
  const { setEvaluated } = utilities();
  if (it.props !== true && !(it.props instanceof Name)) {
    // No prototype, because its properties would count as evaluated.
    const props = gen.var("props", _`Object.create(null)`);
    if (it.props !== undefined) setEvaluated(gen, props, it.props);
    it.props = props;
  }
  if (it.items !== true && !(it.items instanceof Name)) it.items = gen.var("items", it.items ?? 0);
}

/** Other records may be `true` for all properties; ajv would add a property to `true`. */
function notePatternsApart(cxt: KeywordCxt, code: Code): void {
  const { gen, it } = cxt;
  const { mergeEvaluated } = utilities();
  ownNotes(cxt);
  const { props } = it;
  if (props === true || props === undefined) return code(cxt);
  it.props = gen.var("props", codegen()._`Object.create(null)`);
  code(cxt);
  it.props = mergeEvaluated.props(gen, it.props, props);
}

/** Copies the records of a reference's target, which must not change. */
function copyNotes(cxt: KeywordCxt, code: Code): void {
  const { gen, it } = cxt;
  const { Name } = codegen();
  const { mergeEvaluated } = utilities();
  const { props, items } = it;
  if (props !== true) delete it.props;
  if (items !== true) delete it.items;
  code(cxt);
  const found = { props: it.props, items: it.items };
  Object.assign(it, { props, items });
  if (found.props instanceof Name || found.items instanceof Name) ownNotes(cxt);
  if (it.props !== true && found.props !== undefined) it.props = mergeEvaluated.props(gen, found.props, it.props);
  if (it.items !== true && found.items !== undefined) it.items = mergeEvaluated.items(gen, found.items, it.items);
}

/** Generates `if`, which counts as evaluated even without `then` and `else`, but only if it passes. */
function conditionCode(cxt: KeywordCxt): void {
  const { gen, parentSchema } = cxt;
  const { _, Name } = codegen();
  ownNotes(cxt);
  const valid = gen.let("valid", true);
  const passed = gen.name("_valid");
  const condition = { keyword: "if", compositeRule: true, createErrors: false, allErrors: false } as const;
  const noted = cxt.subschema(condition, passed);
  cxt.reset();
  const clause = gen.let("ifClause");
  cxt.setParams({ ifClause: clause });
  const apply = (keyword: "then" | "else"): void => {
    if (parentSchema[keyword] === undefined) return;
    const applied = gen.name("_valid");
    const branch = cxt.subschema({ keyword }, applied);
    gen.assign(valid, applied);
    gen.if(applied, () => cxt.mergeEvaluated(branch, Name));
    gen.assign(clause, _`${keyword}`);
  };
  gen.if(
    passed,
    () => {
      cxt.mergeEvaluated(noted, Name);
      apply("then");
    },
    () => apply("else"),
  );
  cxt.pass(valid, () => cxt.error(true));
}

/** Generates `unevaluatedProperties`. Names of `Object.prototype` do not count as recorded. */
function unevaluatedPropertiesCode(cxt: KeywordCxt): void {
  const { gen, schema, data, errsCount, it } = cxt;
  const { _, Name, and, not } = codegen();
  const { alwaysValidSchema, Type } = utilities();
  const { props } = it;
  it.props = true;
  if (props === true || alwaysValidSchema(it, schema as JsonObject)) return;
  const check = (key: Codegen.Name): void => {
    if (schema === false) {
      cxt.setParams({ unevaluatedProperty: key });
      cxt.error();
      if (!it.allErrors) gen.break();
      return;
    }
    const valid = gen.name("valid");
    cxt.subschema({ keyword: "unevaluatedProperties", dataProp: key, dataPropType: Type.Str }, valid);
    if (!it.allErrors) gen.if(not(valid), () => gen.break());
  };
  const checkAll = (): unknown =>
    gen.forIn("key", data, (key) => {
      if (props instanceof Name) return void gen.if(_`!${props} || !Object.hasOwn(${props}, ${key})`, () => check(key));
      const others = Object.keys(props ?? {}).map((name) => _`${key} !== ${name}`);
      if (others.length === 0) check(key);
      else gen.if(and(...others), () => check(key));
    });
  if (props instanceof Name) gen.if(_`${props} !== true`, checkAll);
  else checkAll();
  cxt.ok(_`${errsCount} === ${errorCount()}`);
}

/** Generates `unevaluatedItems`. An item that a `contains` matches is evaluated. */
function unevaluatedItemsCode(cxt: KeywordCxt): void {
  const { gen, schema, data, errsCount, it, parentSchema } = cxt;
  const { _, Name, and, not } = codegen();
  const { alwaysValidSchema, Type } = utilities();
  const { items = 0 } = it;
  it.items = true;
  if (items === true || alwaysValidSchema(it, schema as JsonObject)) return;
  /** Runs a schema only for its verdict. */
  const verdict = (part: Json, place: object): Codegen.Name => {
    const { nil, stringify } = codegen();
    const { resetErrorsCount } = require("ajv/dist/compile/errors.js") as typeof Errors;
    const code = it.opts.code.source === true ? { code: stringify(part) } : {};
    const topSchemaRef = gen.scopeValue("schema", { ref: part, ...code });
    const before = gen.const("_errs", errorCount());
    const valid = gen.name("_valid");
    const quiet = { compositeRule: true, createErrors: false, allErrors: false } as const;
    const compiled = { schema: part as JsonObject, schemaPath: nil, topSchemaRef, errSchemaPath: it.errSchemaPath };
    cxt.subschema({ ...compiled, dataTypes: [], ...quiet, ...place }, valid);
    resetErrorsCount(gen, before);
    return valid;
  };
  const checkAll = (): void => {
    const length = gen.const("len", _`${data}.length`);
    const matches = matchingItems(parentSchema as JsonObject, it.schemaEnv.root.schema as JsonObject).map((match) => {
      if (match.conditions.length === 0) return { ...match, holds: _`true` };
      const holds = gen.let("holds", false);
      gen.if(_`${items} < ${length}`, () => gen.assign(holds, verdict({ allOf: match.conditions }, {})));
      return { ...match, holds };
    });
    gen.forRange("i", items, length, (index) => {
      const evaluated = gen.let("evaluated", false);
      const item = { dataProp: index, dataPropType: Type.Num };
      for (const { holds, schema: part } of matches)
        gen.if(and(not(evaluated), holds), () => gen.assign(evaluated, verdict(part, item)));
      gen.if(not(evaluated), () => {
        if (schema === false) {
          cxt.setParams({ len: index });
          cxt.error();
          gen.break();
          return;
        }
        const valid = gen.name("valid");
        cxt.subschema({ keyword: "unevaluatedItems", ...item }, valid);
        if (!it.allErrors) gen.if(not(valid), () => gen.break());
      });
    });
  };
  if (items instanceof Name) gen.if(_`${items} !== true`, checkAll);
  else checkAll();
  cxt.ok(_`${errsCount} === ${errorCount()}`);
}

/** A schema whose matching items are evaluated, if the value passes all conditions. */
interface MatchingItems {
  readonly schema: Json;
  readonly conditions: readonly Json[];
}

/** Returns the `contains` of a schema and of all subschemas for the same value. */
function matchingItems(schema: Json | undefined, root: JsonObject, conditions: readonly Json[] = []): MatchingItems[] {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return [];
  const {
    $ref,
    contains,
    if: condition,
    then,
    else: otherwise,
    allOf,
    anyOf,
    oneOf,
    dependentSchemas,
  } = schema as JsonObject;
  const below = (part: Json | undefined, ...more: Json[]): MatchingItems[] =>
    matchingItems(part, root, [...conditions, ...more]);
  const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
  return [
    ...(contains === undefined ? [] : [{ schema: contains, conditions }]),
    ...(typeof $ref === "string" ? below(at(root, pointerTokens(splitReference($ref).fragment))) : []),
    ...list(allOf).flatMap((part) => below(part)),
    ...[...list(anyOf), ...list(oneOf)].flatMap((part) => below(part, part)),
    ...Object.entries((dependentSchemas ?? {}) as JsonObject).flatMap(([name, part]) =>
      below(part, { required: [name] }),
    ),
    ...(condition === undefined
      ? []
      : [...below(condition, condition), ...below(then, condition), ...below(otherwise, { not: condition })]),
  ];
}

function at(root: JsonObject, tokens: readonly string[]): Json | undefined {
  return tokens.reduce<Json | undefined>(
    (node, token) =>
      typeof node === "object" && node !== null && Object.hasOwn(node, token) ? (node as JsonObject)[token] : undefined,
    root,
  );
}
