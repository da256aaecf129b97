import { charactersOf, lastCodePoint, parsePattern, type Expression, type Range } from "./pattern-syntax.js";

/** Nondeterministic automaton that accepts all texts in which a pattern matches. State 0 is the start. */
export interface Automaton {
  /** The next states of each state, by character. */
  readonly steps: readonly (readonly { readonly ranges: readonly Range[]; readonly to: number }[])[];
  /** The epsilon transitions of each state. */
  readonly silent: readonly (readonly number[])[];
  readonly accepting: number;
}

const maxStates = 600;
const anything: Expression = {
  kind: "repeat",
  of: { kind: "characters", ranges: [[0, lastCodePoint]], isExact: true },
  least: 0,
  most: Infinity,
};

const known = new Map<string, Automaton | undefined>();

/** Returns the automaton of a pattern; undefined where the pattern is too large, or has lookarounds. */
export function automatonOf(pattern: string): Automaton | undefined {
  if (!known.has(pattern)) {
    const expression = parsePattern(pattern);
    const whole = expression && anchored(expression);
    known.set(pattern, whole && built(whole));
  }
  return known.get(pattern);
}

/** Returns an automaton that accepts the given texts. */
export function automatonOfTexts(texts: readonly string[]): Automaton | undefined {
  const of = texts.map((text): Expression => {
    const characters = [...text].map((character): Expression => {
      const code = character.codePointAt(0)!;
      return { kind: "characters", ranges: [[code, code]], isExact: true };
    });
    return { kind: "sequence", of: characters };
  });
  return built({ kind: "choice", of });
}

/** Returns the expression for whole texts. Anchors are supported only at the ends of an alternative. */
function anchored(expression: Expression): Expression | undefined {
  if (expression.kind === "choice") {
    const of = expression.of.map(anchored);
    return of.every((each) => each !== undefined) ? { kind: "choice", of } : undefined;
  }
  const parts = expression.kind === "sequence" ? [...expression.of] : [expression];
  const hasStart = parts[0]?.kind === "start";
  const hasEnd = parts.length > 0 && parts.at(-1)!.kind === "end";
  const inner = parts.slice(hasStart ? 1 : 0, hasEnd ? parts.length - 1 : parts.length);
  if (inner.length === 1 && inner[0]!.kind === "choice" && !hasStart && !hasEnd) return anchored(inner[0]!);
  if (!inner.every(isPlain)) return undefined;
  return { kind: "sequence", of: [...(hasStart ? [] : [anything]), ...inner, ...(hasEnd ? [] : [anything])] };
}

function isPlain(expression: Expression): boolean {
  switch (expression.kind) {
    case "start":
    case "end":
      return false;
    case "empty":
    case "characters":
      return expression.isExact;
    case "repeat":
      return isPlain(expression.of);
    default:
      return expression.of.every(isPlain);
  }
}

function built(expression: Expression): Automaton | undefined {
  const steps: { ranges: readonly Range[]; to: number }[][] = [];
  const silent: number[][] = [];
  const state = (): number => {
    if (steps.length >= maxStates) throw new RangeError("too many states");
    silent.push([]);
    return steps.push([]) - 1;
  };
  /** Adds an expression after a state, and returns the state after the expression. */
  const add = (each: Expression, from: number): number => {
    switch (each.kind) {
      case "characters": {
        const to = state();
        steps[from]!.push({ ranges: each.ranges, to });
        return to;
      }
      case "sequence":
        return each.of.reduce((at, part) => add(part, at), from);
      case "choice": {
        const to = state();
        for (const part of each.of) {
          const start = state();
          silent[from]!.push(start);
          silent[add(part, start)]!.push(to);
        }
        return to;
      }
      case "repeat": {
        let at = from;
        for (let times = 0; times < each.least; times++) at = add(each.of, at);
        const to = state();
        if (each.most === Infinity) {
          const loop = state();
          silent[at]!.push(loop);
          silent[add(each.of, loop)]!.push(loop);
          silent[loop]!.push(to);
          return to;
        }
        silent[at]!.push(to);
        for (let times = each.least; times < each.most; times++) {
          at = add(each.of, at);
          silent[at]!.push(to);
        }
        return to;
      }
      default:
        return from;
    }
  };
  try {
    return { steps, silent, accepting: add(expression, state()) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Language of texts that all automata on the left and none on the right accept, with a bounded length. */
export interface Language {
  readonly left: readonly Automaton[];
  readonly right: readonly Automaton[];
  readonly least: number;
  readonly most: number;
}

const maxVisited = 3000;
const maxTexts = 4;

/** Returns short texts of a language, none for an empty language; undefined where the search exceeds its limit. */
export function textsOf({ left, right, least, most }: Language): readonly string[] | undefined {
  const automata = [...left, ...right];
  const letters = alphabet(automata);
  /** The length from which the automaton treats all lengths alike. */
  const cap = Math.max(least, most === Infinity ? 0 : most + 1);
  const accepts = (sets: readonly string[]): boolean =>
    sets.every((set, index) => includesState(set, automata[index]!.accepting) === index < left.length);
  const start = automata.map((automaton) => named(closure(automaton, [0])));
  let front: { readonly sets: readonly string[]; readonly text: string }[] = [{ sets: start, text: "" }];
  const visited = new Set([`0 ${start.join("|")}`]);
  const found: string[] = [];
  for (let length = 0; front.length > 0; length++) {
    for (const { sets, text } of front)
      if (length >= least && length <= most && accepts(sets) && found.push(text) >= maxTexts) return found;
    if (length >= most) break;
    const next: typeof front = [];
    for (const { sets, text } of front)
      for (const letter of letters) {
        const after = automata.map((automaton, index) => move(automaton, sets[index]!, letter));
        // Some pattern on the left can no longer match.
        if (after.some((set, index) => set === "" && index < left.length)) continue;
        const key = `${Math.min(length + 1, cap)} ${after.join("|")}`;
        if (visited.has(key)) continue;
        visited.add(key);
        if (visited.size > maxVisited) return found.length > 0 ? found : undefined;
        next.push({ sets: after, text: text + String.fromCodePoint(letter) });
      }
    front = next;
  }
  return found;
}

/** Returns one character for each class that the automata distinguish. */
function alphabet(automata: readonly Automaton[]): number[] {
  const starts = new Set([0]);
  for (const { steps } of automata)
    for (const { ranges } of steps.flat())
      for (const [first, last] of ranges) {
        starts.add(first);
        if (last < lastCodePoint) starts.add(last + 1);
      }
  const sorted = [...starts].sort((a, b) => a - b);
  const letters = sorted.flatMap((first, index) => {
    const last = (sorted[index + 1] ?? lastCodePoint + 1) - 1;
    return charactersOf([first, last]).slice(0, 1);
  });
  // Users see these texts, so letters come first.
  const isPrintable = (letter: number): boolean => letter > 0x20 && letter < 0x7f;
  return letters.sort((a, b) => Number(isPrintable(b)) - Number(isPrintable(a)));
}

function closure({ silent }: Automaton, states: readonly number[]): number[] {
  const found = new Set(states);
  for (const state of found) for (const next of silent[state]!) found.add(next);
  return [...found].sort((a, b) => a - b);
}

function named(states: readonly number[]): string {
  return states.length === 0 ? "" : `,${states.join(",")},`;
}

function includesState(set: string, state: number): boolean {
  return set.includes(`,${state},`);
}

const moves = new WeakMap<Automaton, Map<string, string>>();

function move(automaton: Automaton, set: string, letter: number): string {
  if (set === "") return "";
  let cached = moves.get(automaton);
  if (!cached) moves.set(automaton, (cached = new Map<string, string>()));
  const key = `${letter}${set}`;
  let after = cached.get(key);
  if (after === undefined) {
    const states = set.slice(1, -1).split(",").map(Number);
    const reached = states.flatMap((state) =>
      automaton.steps[state]!.flatMap(({ ranges, to }) =>
        ranges.some(([first, last]) => first <= letter && letter <= last) ? [to] : [],
      ),
    );
    cached.set(key, (after = named(closure(automaton, reached))));
  }
  return after;
}
