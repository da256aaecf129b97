import type { Json, JsonObject } from "../../model/source.js";
import { asSchema, isObject, targetOf, type Node } from "./classes.js";
import type { Formula, Make } from "./formula.js";

/** A case in which a value passes a schema, and the parts of the value that are evaluated in that case. */
interface Case<Evaluated> {
  readonly when: readonly Formula[];
  readonly evaluated: Evaluated;
}

interface Properties {
  readonly names: readonly string[];
  readonly patterns: readonly string[];
  readonly all: boolean;
}

interface Items {
  /** The number of evaluated items at the beginning. */
  readonly prefix: number;
  readonly all: boolean;
  readonly containing: readonly Formula[];
}

const maxCases = 32;
const maxSteps = 30;

/** Operations of one kind of evaluation. */
interface Evaluation<Evaluated> {
  readonly none: Evaluated;
  own(schema: JsonObject, node: Node): Evaluated;
  join(one: Evaluated, other: Evaluated): Evaluated;
}

/** Expresses `unevaluatedProperties` by other keywords; undefined for too many cases. */
export function propertyCases(
  { schema, root }: Node,
  rest: Formula,
  make: Make,
  formula: (node: Node) => Formula,
): Formula | undefined {
  const { unevaluatedProperties: _, ...others } = schema as JsonObject;
  const evaluation: Evaluation<Properties> = {
    none: { names: [], patterns: [], all: false },
    own: (own) => ({
      names: Object.keys(isObject(own["properties"]) ? own["properties"] : {}),
      patterns: Object.keys(isObject(own["patternProperties"]) ? own["patternProperties"] : {}),
      all: "additionalProperties" in own || "unevaluatedProperties" in own,
    }),
    join: (one, other) => ({
      names: union(one.names, other.names),
      patterns: union(one.patterns, other.patterns),
      all: one.all || other.all,
    }),
  };
  const cases = casesOf({ schema: others, root }, evaluation, make, formula, 0);
  return (
    cases &&
    anyCase(cases, make, ({ names, patterns, all }) =>
      all ? [] : [make({ kind: "additional", names: [...names].sort(), patterns: [...patterns].sort(), schema: rest })],
    )
  );
}

/** Expresses `unevaluatedItems` by other keywords; undefined for too many cases. */
export function itemCases(
  { schema, root }: Node,
  rest: Formula,
  make: Make,
  formula: (node: Node) => Formula,
): Formula | undefined {
  const { unevaluatedItems: _, ...others } = schema as JsonObject;
  const evaluation: Evaluation<Items> = {
    none: { prefix: 0, all: false, containing: [] },
    own: (own, node) => ({
      prefix: Array.isArray(own["prefixItems"]) ? (own["prefixItems"] as readonly Json[]).length : 0,
      all: "items" in own || "unevaluatedItems" in own,
      containing:
        own["contains"] === undefined ? [] : [formula({ schema: asSchema(own["contains"]), root: node.root })],
    }),
    join: (one, other) => ({
      prefix: Math.max(one.prefix, other.prefix),
      all: one.all || other.all,
      containing: union(one.containing, other.containing),
    }),
  };
  const cases = casesOf({ schema: others, root }, evaluation, make, formula, 0);
  return (
    cases &&
    anyCase(cases, make, ({ prefix, all, containing }) => {
      if (all) return [];
      const schema = containing.length === 0 ? rest : make({ kind: "any", of: [...containing, rest] });
      return [make({ kind: "rest", from: prefix, schema })];
    })
  );
}

function anyCase<Evaluated>(
  cases: readonly Case<Evaluated>[],
  make: Make,
  assertion: (evaluated: Evaluated) => Formula[],
): Formula {
  const all = cases.map(({ when, evaluated }) => make({ kind: "all", of: [...when, ...assertion(evaluated)] }));
  return all.length === 1 ? all[0]! : make({ kind: "any", of: all });
}

/** Returns the cases of a schema's in-place applicators. */
function casesOf<Evaluated>(
  { schema, root }: Node,
  evaluation: Evaluation<Evaluated>,
  make: Make,
  formula: (node: Node) => Formula,
  steps: number,
): readonly Case<Evaluated>[] | undefined {
  if (steps > maxSteps) return undefined;
  if (typeof schema === "boolean") return [{ when: [], evaluated: evaluation.none }];
  const nodeOf = (value: Json): Node => ({ schema: asSchema(value), root });
  const below = (value: Json): readonly Case<Evaluated>[] | undefined =>
    casesOf(nodeOf(value), evaluation, make, formula, steps + 1);
  const nothing: Case<Evaluated> = { when: [], evaluated: evaluation.none };
  const not = (of: Formula): Formula => make({ kind: "not", of });
  let cases: readonly Case<Evaluated>[] | undefined = [
    { when: [], evaluated: evaluation.own(schema, { schema, root }) },
  ];
  const times = (others: readonly Case<Evaluated>[] | undefined): void => {
    if (!cases || !others || cases.length * others.length > maxCases) return void (cases = undefined);
    cases = cases.flatMap((one) =>
      others.map((other) => ({
        when: [...one.when, ...other.when],
        evaluated: evaluation.join(one.evaluated, other.evaluated),
      })),
    );
  };
  /** Adds a branch that may or may not apply. */
  const branch = (condition: Formula, holds: readonly Case<Evaluated>[] | undefined): void => {
    if (holds?.every(({ evaluated, when }) => when.length === 0 && isNothing(evaluated, evaluation))) return;
    times(
      holds && [
        ...holds.map((one) => ({ ...one, when: [condition, ...one.when] })),
        { ...nothing, when: [not(condition)] },
      ],
    );
  };
  const list = (keyword: string): readonly Json[] =>
    Array.isArray(schema[keyword]) ? (schema[keyword] as readonly Json[]) : [];
  if (schema["$ref"] !== undefined) times(below(targetOf(schema["$ref"], root) as Json));
  for (const part of list("allOf")) times(below(part));
  for (const keyword of ["anyOf", "oneOf"])
    for (const part of list(keyword)) branch(formula(nodeOf(part)), below(part));
  const { if: condition, then, else: otherwise, dependentSchemas } = schema;
  if (condition !== undefined) {
    const holds = formula(nodeOf(condition));
    const both = below({ allOf: [condition, ...(then === undefined ? [] : [then])] });
    const neither = otherwise === undefined ? [nothing] : below(otherwise);
    times(
      both &&
        neither && [
          ...both.map((one) => ({ ...one, when: [holds, ...one.when] })),
          ...neither.map((one) => ({ ...one, when: [not(holds), ...one.when] })),
        ],
    );
  }
  for (const [name, part] of Object.entries(isObject(dependentSchemas) ? dependentSchemas : {})) {
    const lacks = make({ kind: "property", name, schema: make({ kind: "any", of: [] }) });
    branch(not(lacks), below(part));
  }
  return cases;
}

function isNothing<Evaluated>(evaluated: Evaluated, { none }: Evaluation<Evaluated>): boolean {
  return JSON.stringify(evaluated) === JSON.stringify(none);
}

function union<T>(one: readonly T[], other: readonly T[]): T[] {
  return [...new Set([...one, ...other])];
}
