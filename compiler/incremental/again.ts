import type { Change, Host } from "../host.js";
import type { Again } from "../model/again.js";
import type { Lasts } from "./lasting.js";
import type { BuildRecord } from "./record.js";

/** Runs `act`, unless it was last run with the very same input and would hear the very same of the host. */
export type Once = <Output>(name: string, input: readonly unknown[], act: (host: Host) => Output) => Output;

/** What builds of one project in one process have in common. */
export interface Memory {
  /** Of a build that begins: of each kind stays what was asked for last. */
  next(): { readonly again: Again; once(host: Host): Once };
  /** The last one that was written, as it was written: it need not be read from that. */
  record?: { readonly text: string; readonly value: BuildRecord };
  /** What processes before this one have left. */
  lasts?: Lasts;
}

/** By kind, then by key. */
export type Outcomes = Map<string, Map<string | object, unknown>>;

/** Takes what is known from `before`; what was asked for is in `now`. */
export function againOf(before: Outcomes, now: Outcomes): Again {
  return (kind, key, make) => {
    let made = now.get(kind);
    if (!made) now.set(kind, (made = new Map()));
    if (!made.has(key)) {
      const known = before.get(kind);
      made.set(key, known?.has(key) ? known.get(key) : make());
    }
    return made.get(key) as ReturnType<typeof make>;
  };
}

export function memory(): Memory {
  const before: Outcomes = new Map();
  const now: Outcomes = new Map();
  const runs = new Map<string, Run>();
  const again = againOf(before, now);
  const once =
    (host: Host): Once =>
    (name, input, act) => {
      const known = runs.get(name);
      if (
        known &&
        same(known.input, input) &&
        known.heard.every(({ question, answer }) => same(ask(host, question), answer))
      )
        return known.output as ReturnType<typeof act>;
      const heard = new Map<string, Heard>();
      const output = act(listening(host, heard));
      runs.set(name, { input, heard: [...heard.values()], output });
      return output;
    };
  return {
    next: () => {
      // Of a kind that was not asked for at all, nothing has changed.
      for (const [kind, made] of now) before.set(kind, made);
      now.clear();
      return { again, once };
    },
  };
}

interface Run {
  readonly input: readonly unknown[];
  readonly heard: readonly Heard[];
  readonly output: unknown;
}

/** What is asked of a host, and what it answered. */
export interface Heard {
  readonly question: Question;
  readonly answer: unknown;
}
export type Question = {
  readonly [How in "find" | "read" | "size" | "contains"]: readonly [how: How, ...Parameters<Host[How]>];
}["find" | "read" | "size" | "contains"];

export function ask(host: Host, [how, ...given]: Question): unknown {
  return (host[how] as (...given: readonly unknown[]) => unknown)(...given);
}

/** The same host; what is asked of it is put down. Of what is asked twice, the first answer counts. */
export function listening(host: Host, heard: Map<string, Heard>): Host {
  const hear = <T>(question: Question): T => {
    const key = JSON.stringify(question);
    const known = heard.get(key);
    if (known) return known.answer as T;
    const answer = ask(host, question);
    heard.set(key, { question, answer });
    return answer as T;
  };
  return {
    ...host,
    find: (patterns, ignore) => hear(["find", patterns, ignore]),
    read: (path) => hear(["read", path]),
    size: (path) => hear(["size", path]),
    contains: (path) => hear(["contains", path]),
    commit: (changes: readonly Change[]) => host.commit(changes),
  };
}

/** The same objects, or lists of the same. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other)) return false;
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
