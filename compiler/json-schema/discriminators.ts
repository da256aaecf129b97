import { intersection, type Facts, type Scalar } from "./facts.js";

/** A condition that only some branches of a union impose on their values. */
export type Condition =
  | {
      readonly kind: "values" | "types";
      readonly path: readonly string[];
      /** Whether the condition holds only if the member is present. */
      readonly optional: boolean;
      readonly values: ReadonlySet<Scalar>;
    }
  | { readonly kind: "present"; readonly path: readonly [name: string] }
  | { readonly kind: "absent"; readonly path: readonly [name: string] };

/** A position in a value, and a kind of test. */
interface Test {
  readonly path: readonly string[];
  readonly kind: "values" | "types" | "presence";
}

/** The maximum number of branches for tests of presence, whose number grows quadratically. */
const maxNames = 16;

/**
 * Returns conditions that distinguish the branches of a union, for each branch; `undefined` if there are none. A value
 * that violates a condition of a branch does not match the branch.
 */
export function discriminators(branches: readonly Facts[]): readonly (readonly Condition[])[] | undefined {
  const tests: Test[] = [];
  let pairs = branches.flatMap((a, index) => branches.slice(index + 1).map((b) => [a, b] as const));
  for (const group of candidates(branches)) {
    for (;;) {
      const counts = group.map((test) => pairs.filter(([a, b]) => distinguishes(test, a, b)).length);
      const most = Math.max(0, ...counts);
      if (most === 0) break;
      const best = group[counts.indexOf(most)]!;
      tests.push(best);
      pairs = pairs.filter(([a, b]) => !distinguishes(best, a, b));
    }
  }
  if (tests.length === 0) return undefined;
  return branches.map((facts) => tests.flatMap((test) => conditionOf(test, facts) ?? []));
}

/** Returns possible tests, the clearest first. */
function candidates(branches: readonly Facts[]): Test[][] {
  const paths = new Map<string, { readonly path: string[]; count: number; values: number }>();
  const note = (path: string[], { values, members }: Facts): void => {
    const key = JSON.stringify(path);
    const entry = paths.get(key) ?? { path, count: 0, values: 0 };
    paths.set(key, { ...entry, count: entry.count + 1, values: entry.values + (values ? 1 : 0) });
    for (const [name, member] of members) note([...path, name], member);
  };
  for (const facts of branches) note([], facts);
  const shared = [...paths.values()].filter(({ count }) => count > 1);
  const byValues = shared.filter(({ values }) => values > 1).map(({ path }): Test => ({ path, kind: "values" }));
  const root: Test = { path: [], kind: "types" };
  const groups = [
    [root],
    byValues.filter(({ path }) => path.length < 2),
    byValues.filter(({ path }) => path.length > 1),
  ];
  if (branches.length > maxNames) return groups;
  const names = new Set(branches.flatMap(({ required }) => [...required]));
  const presence = [...names].map((name): Test => ({ path: [name], kind: "presence" }));
  const types = shared.filter(({ path }) => path.length > 0).map(({ path }): Test => ({ path, kind: "types" }));
  return [...groups, presence, types];
}

function distinguishes({ path, kind }: Test, a: Facts, b: Facts): boolean {
  const [one, other] = [at(a, path), at(b, path)];
  if (kind === "presence") return (one.required && other.isForbidden) || (other.required && one.isForbidden);
  if (!one.required && !other.required) return false;
  if (kind === "types") return !!one.facts && !!other.facts && isDisjoint(one.facts.types, other.facts.types);
  return !!one.facts?.values && !!other.facts?.values && isDisjoint(one.facts.values, other.facts.values);
}

function conditionOf({ path, kind }: Test, branch: Facts): Condition | undefined {
  const { facts, required, isForbidden } = at(branch, path);
  if (kind === "presence") {
    if (!required && !isForbidden) return undefined;
    const name = path as readonly [string];
    return required ? { kind: "present", path: name } : { kind: "absent", path: name };
  }
  if (kind === "types")
    return facts && facts.types.size < 6 ? { kind, path, optional: !required, values: facts.types } : undefined;
  return facts?.values && { kind, path, optional: !required, values: facts.values };
}

interface Place {
  readonly facts: Facts | undefined;
  readonly required: boolean;
  readonly isForbidden: boolean;
}

function at(branch: Facts, path: readonly string[]): Place {
  return path.reduce<Place>(
    ({ facts, required }, name, index) => {
      const isObject = index === 0 || (facts?.types.size === 1 && facts.types.has("object"));
      const member = facts?.members.get(name);
      return {
        facts: member,
        required: required && isObject && facts?.required.has(name) === true,
        isForbidden: member?.types.size === 0 || (facts?.allowed !== undefined && !facts.allowed.has(name)),
      };
    },
    { facts: branch, required: true, isForbidden: false },
  );
}

function isDisjoint<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return intersection(a, b).size === 0;
}
