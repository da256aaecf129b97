import { createRequire } from "node:module";
import type { Ajv, Code, CodeGen, CodeKeywordDefinition, KeywordCxt } from "ajv";
import type * as CodeGeneration from "ajv/dist/compile/codegen/index.js";
import type * as Compile from "ajv/dist/compile/index.js";
import type * as Utilities from "ajv/dist/compile/util.js";
import { member, typeOf } from "@mcpc/runtime/codegen/v1/validation";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";
import { discriminators, type Condition } from "./discriminators.js";
import { ownNotes } from "./evaluated.js";
import { both, factsFinder, without, type Facts } from "./facts.js";
import { pointer } from "./pointer.js";

/** Loaded on demand, like ajv. */
const require = createRequire(import.meta.url);
const codegen = (): typeof CodeGeneration => require("ajv/dist/compile/codegen/index.js") as typeof CodeGeneration;

/** The root schema of `#`, and the base URI of references. */
interface Place {
  readonly root: KeywordCxt["it"]["schemaEnv"]["root"];
  readonly baseId: string;
}

/**
 * Makes unions test the discriminators of their branches first. Otherwise a recursive union would take exponential
 * time, and report failures of unrelated branches.
 */
export function discriminateUnions(ajv: Ajv): void {
  const { _ } = codegen();
  const { resolveRef, SchemaEnv } = require("ajv/dist/compile/index.js") as typeof Compile;
  const { alwaysValidSchema } = require("ajv/dist/compile/util.js") as typeof Utilities;
  const factsOf = factsFinder<Place>((reference, { root, baseId }) => {
    const target = resolveRef.call(ajv, root, baseId, reference) as unknown;
    if (target instanceof SchemaEnv) return [target.schema as Json, target as Place];
    return typeof target === "function" || target === undefined ? undefined : [target as Json, { root, baseId }];
  });

  for (const keyword of ["anyOf", "oneOf"]) {
    const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
    const { code, error } = definition;
    definition.error = {
      message: error!.message,
      params: (cxt) => {
        if (cxt.params["forms"]) return _`{forms: ${cxt.params["forms"] as Code}}`;
        return typeof error!.params === "function" ? error!.params(cxt) : (error!.params ?? _`{}`);
      },
    };
    definition.code = (cxt: KeywordCxt): void => {
      const schemas = cxt.schema as readonly JsonSchema[];
      const { it } = cxt;
      const place = { root: it.schemaEnv.root, baseId: it.baseId };
      const parent = factsOf(without(cxt.parentSchema as JsonObject, keyword), place);
      const branches = schemas.map((schema) => both(parent, factsOf(schema, place)));
      const conditions = schemas.some((schema) => alwaysValidSchema(it, schema as boolean | object))
        ? undefined
        : discriminators(branches);
      if (!conditions) return code(cxt);
      if (it.opts.unevaluated === true) ownNotes(cxt);
      unionCode(cxt, branches, conditions);
    };
  }
}

/**
 * Generates a union that tries only branches whose conditions hold. If only one does, its failures are those of the
 * union.
 */
function unionCode(cxt: KeywordCxt, branches: readonly Facts[], conditions: readonly (readonly Condition[])[]): void {
  const { _, and, Name } = codegen();
  const { gen, it, keyword } = cxt;
  const look = lookup(gen, cxt.data);
  const guards = conditions.map((all, index) => guardOf(all, branches[index]!, look));
  const valid = gen.let("valid", false);
  const tried = gen.let("tried", 0);
  const passing = keyword === "oneOf" ? gen.let("passing", null) : undefined;
  const branchValid = gen.name("_valid");
  const enter = (index: number): void => {
    gen.code(_`${tried}++`);
    const branch = cxt.subschema({ keyword, schemaProp: index, compositeRule: true }, branchValid);
    const pass = (): void => {
      gen.assign(valid, true);
      if (passing) gen.assign(passing, index);
      cxt.mergeEvaluated(branch, Name);
    };
    const passAgain = (): void => void gen.assign(valid, false).assign(passing!, _`[${passing!}, ${index}]`);
    gen.if(branchValid, () => (passing && index > 0 ? gen.if(valid, passAgain, pass) : pass()));
  };
  gen.block(() => {
    for (const [index, guard] of guards.entries()) {
      // A second match decides a `oneOf`, a first one an `anyOf`, unless later branches may evaluate more.
      const isDecided = passing ? index > 1 : index > 0 && !it.opts.unevaluated;
      const goesOn = passing ? _`${valid} || ${passing} === null` : _`!${valid}`;
      const all = [...(isDecided ? [goesOn] : []), ...(guard ? [guard] : [])];
      if (all.length === 0) enter(index);
      else gen.if(and(...all), () => enter(index));
    }
  });
  const report = (): void => {
    cxt.setParams(passing ? { passing } : {});
    cxt.error(true);
  };
  cxt.result(
    valid,
    () => cxt.reset(),
    () => {
      if (it.createErrors === false) return report();
      const several = passing ? _`${tried} > 1 || ${passing} !== null` : _`${tried} > 1`;
      if (guards.includes(undefined)) return void gen.if(several, report);
      gen.if(_`${tried} === 0`);
      reportNone(cxt, branches, conditions, look);
      gen.elseIf(several);
      report();
      gen.endIf();
    },
  );
}

/** Generates the failure if no condition holds: the rules that the value would have to satisfy. */
function reportNone(
  cxt: KeywordCxt,
  branches: readonly Facts[],
  conditions: readonly (readonly Condition[])[],
  look: Lookup,
): void {
  const { gen } = cxt;
  const { _, stringify } = codegen();
  const report = (forms: readonly Form[]): void => cxt.error(true, { forms: stringify(forms) });
  const types = new Set(branches.flatMap((branch) => [...branch.types]));
  const first = conditions.map((all) => all.find(({ kind, path }) => kind !== "types" || path.length > 0) ?? all[0]!);
  const forms = formsOf(first);
  const { path } = first[0]!;
  const byForms = (): void => {
    if (forms.length > 1 || path.length === 0 || first[0]!.kind === "present") return report(forms);
    const missing: Form = {
      instancePath: pointer(path.slice(0, -1)),
      keyword: "required",
      params: { missingProperty: path.at(-1)! },
    };
    gen.if(
      _`${look.value(path)} === undefined`,
      () => report([missing]),
      () => report(forms),
    );
  };
  if (types.size === 6) return byForms();
  const mismatch: Form = { instancePath: "", keyword: "type", params: { type: [...types] } };
  gen.if(isOneOf(look.type([]), types), byForms, () => report([mismatch]));
}

/** An unsatisfied rule, in the form of a validator's failure. */
interface Form {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: JsonObject;
}

/** Merges the rules of several branches by place and kind. */
function formsOf(conditions: readonly Condition[]): Form[] {
  const forms = new Map<string, Form>();
  for (const condition of conditions) {
    const { kind, path } = condition;
    const instancePath = pointer(kind === "values" || kind === "types" ? path : []);
    const merge = (keyword: string, param: string, values: Iterable<Json>): void => {
      const key = `${keyword} ${instancePath}`;
      const before = (forms.get(key)?.params[param] ?? []) as readonly Json[];
      forms.set(key, { instancePath, keyword, params: { [param]: [...new Set([...before, ...values])] } });
    };
    if (kind === "values") merge("enum", "allowedValues", condition.values);
    else if (kind === "types") merge("type", "type", condition.values);
    else if (kind === "present")
      forms.set(`present ${path[0]}`, { instancePath, keyword: "required", params: { missingProperty: path[0] } });
    else
      forms.set(`absent ${path[0]}`, {
        instancePath,
        keyword: "additionalProperties",
        params: { additionalProperty: path[0] },
      });
  }
  return [...forms.values()];
}

/** Variables for the values that a union's code reads, each read once. */
interface Lookup {
  readonly value: (path: readonly string[]) => Code;
  readonly type: (path: readonly string[]) => Code;
}

function lookup(gen: CodeGen, data: Code): Lookup {
  const { _ } = codegen();
  const names = new Map<string, Code>();
  const once = (key: string, make: () => Code): Code => {
    const name = names.get(key) ?? make();
    names.set(key, name);
    return name;
  };
  const value = (path: readonly string[]): Code => {
    if (path.length === 0) return data;
    return once(`value ${pointer(path)}`, () => {
      const read = gen.scopeValue("func", { ref: member, code: _`member` });
      return gen.const("tag", _`${read}(${value(path.slice(0, -1))}, ${path.at(-1)!})`);
    });
  };
  const type = (path: readonly string[]): Code =>
    once(`type ${pointer(path)}`, () => {
      const name = gen.scopeValue("func", { ref: typeOf, code: _`typeOf` });
      return gen.const("type", _`${name}(${value(path)})`);
    });
  return { value, type };
}

/** Generates the test of a branch's conditions; `undefined` if there are none. */
function guardOf(conditions: readonly Condition[], { types }: Facts, look: Lookup): Code | undefined {
  const { _, and, or } = codegen();
  const codes = (isRoot: boolean): Code[] =>
    conditions.filter(({ path }) => (path.length === 0) === isRoot).map((condition) => conditionCode(condition, look));
  const [whole, members] = [codes(true), codes(false)];
  // Only objects have members.
  const isObject = types.size === 1 && types.has("object");
  const bound = members.length === 0 || isObject ? members : [or(_`${look.type([])} !== "object"`, and(...members))];
  const all = [...whole, ...bound];
  return all.length === 0 ? undefined : and(...all);
}

function conditionCode(condition: Condition, look: Lookup): Code {
  const { _, not, or } = codegen();
  const isAbsent = _`${look.value(condition.path)} === undefined`;
  if (condition.kind === "present") return not(isAbsent);
  if (condition.kind === "absent") return isAbsent;
  const { kind, path, values } = condition;
  const fits = isOneOf(kind === "types" ? look.type(path) : look.value(path), values);
  return condition.optional ? or(isAbsent, fits) : fits;
}

function isOneOf(code: Code, values: ReadonlySet<Json>): Code {
  const { _, or } = codegen();
  const equals = [...values].map((value) => _`${code} === ${value as string}`);
  return equals.length === 0 ? _`false` : or(...equals);
}
