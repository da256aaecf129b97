import type { Json } from "../../model/source.js";
import { createEvaluate } from "./evaluate.js";
import type { Budget, Formula, Literal } from "./formula.js";
import { solveLeaf } from "./leaf.js";
import { noProof, proof, type Outcome, type Prove, type Tools } from "./outcome.js";
import type { Formulas } from "./parse.js";
import type { Palette } from "./palette.js";

const maxDepth = 30;
const maxCandidates = 12;
interface Signed {
  readonly formula: Formula;
  readonly side: "left" | "right";
}

/** A formula that needs a proof for each of its branches. */
interface Choice extends Signed {
  readonly branches: readonly (readonly Signed[])[];
}

/** Assumptions about the value: it satisfies the left side, and not the right. */
interface State {
  readonly left: Set<number>;
  readonly right: Set<number>;
  readonly literals: { readonly left: Literal[]; readonly right: Literal[] };
  readonly choices: Choice[];
}

const left = (formula: Formula): Signed => ({ formula, side: "left" });
const right = (formula: Formula): Signed => ({ formula, side: "right" });

/**
 * Creates a sequent calculus for schemas. Each rule replaces a formula by simpler ones, or a statement about a value by
 * statements about its members. Values are finite, so the proof of a statement may assume the statement for the
 * members.
 */
export function createProver(formulas: Formulas, palette: Palette, budget: Budget): Prove {
  const evaluate = createEvaluate(formulas, budget);
  const known = new Map<string, Outcome>();
  const stack = new Map<string, { readonly depth: number; readonly index: number }>();
  /** The depth of the outermost assumed statement. */
  let assumed = Infinity;

  const prove = (lefts: readonly Formula[], rights: readonly Formula[], depth: number): Outcome => {
    const key = `${keysOf(lefts)}|${keysOf(rights)}`;
    const before = known.get(key);
    if (before) return before;
    const above = stack.get(key);
    if (above) {
      if (above.depth >= depth) return noProof;
      assumed = Math.min(assumed, above.index);
      return proof;
    }
    if (depth > maxDepth) return noProof;
    const index = stack.size;
    stack.set(key, { depth, index });
    const outer = assumed;
    assumed = Infinity;
    const entry = { lefts, rights, depth };
    const outcome = branch(emptyState(), [...lefts.map(left), ...rights.map(right)], entry);
    stack.delete(key);
    if (assumed >= index || !outcome.closed) known.set(key, outcome);
    assumed = Math.min(outer, assumed < index ? assumed : Infinity);
    return outcome;
  };

  interface Entry {
    readonly lefts: readonly Formula[];
    readonly rights: readonly Formula[];
    readonly depth: number;
  }

  /** Returns whether a value refutes the statement; undefined where this is not decidable. */
  const refutes = (value: Json, { lefts, rights }: Entry): boolean | undefined => {
    let isKnown = true;
    for (const [all, expected] of [[lefts, true] as const, [rights, false] as const])
      for (const formula of all) {
        const holds = evaluate(formula, value);
        if (holds === !expected) return false;
        if (holds === undefined) isKnown = false;
      }
    return isKnown ? true : undefined;
  };

  const branch = (before: State, additions: readonly Signed[], entry: Entry): Outcome => {
    budget.spend(10 + before.left.size + before.right.size + 3 * before.choices.length);
    const state = copied(before);
    if (!saturate(state, additions, formulas)) return proof;
    const tools: Tools = {
      prove: (lefts, rights) => prove(lefts, rights, entry.depth + 1),
      evaluate,
      make: formulas.make,
      palette,
      keywordsOf: formulas.keywordsOf,
    };
    const leaf = solveLeaf(state.literals.left, state.literals.right, tools);
    if (leaf.closed) return proof;
    const judged = leaf.candidates.map((value) => ({ value, refutes: refutes(value, entry) }));
    const found = judged.filter(({ refutes }) => refutes).map(({ value }) => value);
    if (found.length > 0) return { closed: false, candidates: found.slice(0, maxCandidates) };
    const perhaps = judged.filter(({ refutes }) => refutes === undefined).map(({ value }) => value);
    const choice = nextChoice(state, entry);
    if (choice === "closed") return proof;
    if (!choice) return { closed: false, candidates: perhaps.slice(0, maxCandidates) };
    const remaining: State = { ...state, choices: state.choices.filter((each) => each !== choice) };
    let isClosed = true;
    for (const signed of choice.branches) {
      const outcome = branch(remaining, signed, entry);
      if (outcome.closed) continue;
      isClosed = false;
      const sure = outcome.candidates.filter((value) => refutes(value, entry));
      if (sure.length > 0) return { closed: false, candidates: sure };
      perhaps.push(...outcome.candidates);
    }
    return isClosed ? proof : { closed: false, candidates: perhaps.slice(0, maxCandidates) };
  };

  /** Returns the choice with the fewest branches. Schemas on the right that no value can satisfy are omitted. */
  const nextChoice = (state: State, { depth }: Entry): Choice | "closed" | undefined => {
    const onTheRight = state.choices.filter(({ side, formula }) => side === "right" && formula.kind !== "one");
    if (onTheRight.length > 1) {
      const lefts = [
        ...state.literals.left,
        ...state.choices.filter(({ side }) => side === "left").map(({ formula }) => formula),
      ];
      for (const choice of onTheRight) {
        if (prove([...lefts, choice.formula], [], depth).closed) state.choices.splice(state.choices.indexOf(choice), 1);
        else if (prove(lefts, [choice.formula], depth).closed) return "closed";
      }
    }
    return state.choices.reduce<Choice | undefined>(
      (best, choice) => (best && best.branches.length <= choice.branches.length ? best : choice),
      undefined,
    );
  };

  return (lefts, rights) => prove(lefts, rights, 0);
}

function keysOf(formulas: readonly Formula[]): string {
  return [...new Set(formulas.map(({ key }) => key))].sort((a, b) => a - b).join(",");
}

function emptyState(): State {
  return { left: new Set(), right: new Set(), literals: { left: [], right: [] }, choices: [] };
}

function copied({ left, right, literals, choices }: State): State {
  return {
    left: new Set(left),
    right: new Set(right),
    literals: { left: [...literals.left], right: [...literals.right] },
    choices: [...choices],
  };
}

/** Decomposes formulas as far as no choice is needed; false when the statement is proved. */
function saturate(state: State, additions: readonly Signed[], formulas: Formulas): boolean {
  const pending = [...additions].reverse();
  for (;;) {
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { formula, side } = next;
      const other = side === "left" ? "right" : "left";
      if (state[other].has(formula.key)) return false;
      if (state[side].has(formula.key)) continue;
      state[side].add(formula.key);
      const branches = branchesOf(next, formulas);
      if (branches === undefined) state.literals[side].push(formula as Literal);
      else if (branches.length === 0) return false;
      else if (branches.length === 1) pending.push(...branches[0]!);
      else state.choices.push({ ...next, branches });
    }
    for (const [index, choice] of [...state.choices.entries()].reverse()) {
      const branches = choice.branches.filter((signed) => !signed.some((each) => isRefuted(each, state)));
      const isDecided = branches.some((signed) => signed.every(({ formula, side }) => state[side].has(formula.key)));
      if (branches.length === 0) return false;
      if (!isDecided && branches.length > 1) state.choices[index] = { ...choice, branches };
      else state.choices.splice(index, 1);
      if (!isDecided && branches.length === 1) pending.push(...branches[0]!);
    }
    if (pending.length === 0) return true;
  }
}

function isRefuted({ formula, side }: Signed, state: State): boolean {
  return state[side === "left" ? "right" : "left"].has(formula.key);
}

/** Returns the branches of a formula, all of which need a proof; undefined for a literal. */
function branchesOf({ formula, side }: Signed, formulas: Formulas): readonly (readonly Signed[])[] | undefined {
  const [same, opposite] = side === "left" ? [left, right] : [right, left];
  switch (formula.kind) {
    case "not":
      return [[opposite(formula.of)]];
    case "schema":
      return conjunction(formulas.keywordsOf(formula.id), side);
    case "all":
      return conjunction(formula.of, side);
    case "any":
      return side === "left" ? formula.of.map((each) => [same(each)]) : [formula.of.map(same)];
    case "one": {
      if (side === "left")
        return formula.of.map((each, index) => [left(each), ...formula.of.filter((_, at) => at !== index).map(right)]);
      const pairs = formula.of.flatMap((one, index) =>
        formula.of.slice(index + 1).map((two) => [left(one), left(two)]),
      );
      return [formula.of.map(right), ...pairs];
    }
    default:
      return undefined;
  }
}

function conjunction(of: readonly Formula[], side: "left" | "right"): readonly (readonly Signed[])[] {
  return side === "left" ? [of.map(left)] : of.map((each) => [right(each)]);
}
