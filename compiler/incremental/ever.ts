import { createHash } from "node:crypto";
import { hashAt, hashOf, type Host } from "../host.js";
import type { Standing } from "../model/output.js";
import type { Stored } from "../model/stored.js";
import { ask, listening, type Heard, type Question } from "./again.js";

/**
 * What `act` comes to, or came to in an earlier build of the same compiler, where it would ask the very same of the host
 * and hear the same. What is not worth to be kept is told by `worth`.
 */
export type Ever = <Output, Basis>(
  name: string,
  host: Host,
  act: (host: Host, before: Before<Output, Basis> | undefined) => Promise<Made<Output, Basis>>,
  worth: (output: Output) => boolean,
) => Promise<Kept<Output>>;

/** What it came to, where files hold something else since, and all else that was heard would be heard again. */
export interface Before<Output, Basis> extends Former<Output> {
  basis(): Basis | undefined;
  /** These files. */
  readonly changed: readonly string[];
}

/** What it came to before. */
export interface Former<Output> {
  readonly output: Output;
  /** Stood for it. */
  readonly id: string;
}

/** By path; `standing` where the file that was made of the one before is right. */
export interface Texts {
  get(path: string): string | Uint8Array | Standing | undefined;
}

export interface Made<Output, Basis = never> {
  readonly output: Output;
  /** What another one can be made upon. */
  readonly basis?: Basis;
  /** What is large, and seldom needed twice. */
  readonly texts: Texts;
  /** Made of what it came to before: what that had heard counts for it, too. */
  readonly uponBefore?: boolean;
}

export interface Kept<Output> {
  readonly output: Output;
  /** Stands for the output and its texts; absent where nothing is kept. */
  readonly id?: string;
  texts(): Promise<Texts>;
  /** What follows from the output alone. `act` is told what followed from the one before that it was made of. */
  follow<More>(name: string, act: (before: Former<More> | undefined) => Promise<Made<More>>): Promise<Followed<More>>;
  /** Leaves the output to later builds, if it is new; once is enough. */
  leave(): void;
}

export type Followed<Output> = Pick<Kept<Output>, "output" | "id" | "texts">;

/** Keeps nothing. */
export const never: Ever = async (_name, host, act) => {
  const only = <Output>({ output, texts }: Made<Output, unknown>): Followed<Output> => ({
    output,
    texts: () => Promise.resolve(texts),
  });
  return {
    ...only(await act(host, undefined)),
    follow: async (_name, act) => only(await act(undefined)),
    leave: () => {},
  };
};

export interface Evers {
  readonly ever: Ever;
  /** Leaves the texts, too: for a build that did not get as far as to write them. */
  leaveTexts(): void;
}

export function everIn(stored: Stored): Evers {
  const texts = new Map<string, { readonly id: string; readonly value: Texts }>();
  // In parts, because what came of it may be large.
  const part = <T>(name: string, id: string): { readonly value: T } | undefined => {
    const known = stored.read(name) as { readonly id: string; readonly value: T } | undefined;
    return known?.id === id ? known : undefined;
  };
  const textsOf = async (name: string, id: string, act: () => Promise<{ readonly texts: Texts }>): Promise<Texts> => {
    const known = part<Texts>(`${name}.texts`, id);
    if (known) return known.value;
    const { texts: value } = await act();
    texts.set(`${name}.texts`, { id, value });
    return value;
  };
  const follow =
    (id: string, idBefore?: string): Kept<unknown>["follow"] =>
    async <More>(name: string, act: (before: Former<More> | undefined) => Promise<Made<More>>) => {
      const known = part<More>(name, id);
      if (known) return { output: known.value, id, texts: () => textsOf(name, id, () => act(undefined)) };
      const before = idBefore === undefined ? undefined : part<More>(name, idBefore);
      const made = await act(before && { output: before.value, id: idBefore! });
      stored.write(name, { id, value: made.output });
      texts.set(`${name}.texts`, { id, value: made.texts });
      return { output: made.output, id, texts: () => Promise.resolve(made.texts) };
    };
  const ever: Ever = async (name, host, act, worth) => {
    type Output = Awaited<ReturnType<typeof act>>["output"];
    type Basis = Awaited<ReturnType<typeof act>>["basis"];
    const left = stored.read(name) as Left | undefined;
    const other = left && changedSince(left, host);
    const known = other && part<Output>(`${name}.output`, left!.id);
    if (known && other.length === 0) {
      const { id } = left!;
      const again = (): ReturnType<typeof act> => act(host, undefined);
      return { output: known.value, id, texts: () => textsOf(name, id, again), follow: follow(id), leave: () => {} };
    }
    const heard = new Map<string, Heard>();
    const before = known && {
      output: known.value,
      id: left!.id,
      basis: () => part<Basis>(`${name}.basis`, left!.id)?.value,
      changed: [...new Set(other.map(({ question }) => question[1] as string))],
    };
    const { output, basis, texts: made, uponBefore } = await act(listening(host, heard), before);
    const toldBefore = uponBefore ? left!.heard.filter((each) => !other!.includes(each)) : [];
    const all = new Map(toldBefore.map((each) => [JSON.stringify(each.question), each]));
    for (const [key, { question, answer }] of heard) all.set(key, { question, answer: told(question, answer) });
    const id = createHash("sha256")
      .update(JSON.stringify([...all.values()]))
      .digest("base64url");
    let isLeft = !worth(output);
    if (!isLeft) texts.set(`${name}.texts`, { id, value: made });
    const leave = (): void => {
      if (isLeft) return;
      isLeft = true;
      stored.write(`${name}.output`, { id, value: output });
      stored.write(`${name}.basis`, { id, value: basis });
      stored.write(name, { id, heard: [...all.values()] } satisfies Left);
    };
    const idBefore = uponBefore ? left!.id : undefined;
    return { output, id, texts: () => Promise.resolve(made), follow: follow(id, idBefore), leave };
  };
  return {
    ever,
    leaveTexts: () => {
      // What is told of the files that stand is worth nothing to others.
      for (const [name, text] of texts) if (text.value instanceof Map) stored.write(name, text);
    },
  };
}

/** What would be heard otherwise, if that is of what files hold alone: where others have come or gone, none is looked at. */
function changedSince({ heard }: Left, host: Host): Heard[] | undefined {
  const other: Heard[] = [];
  for (const each of heard) {
    if (same(now(each.question, host), each.answer)) continue;
    if (!["read", "size"].includes(each.question[0])) return undefined;
    other.push(each);
  }
  return other;
}

interface Left {
  readonly id: string;
  readonly heard: readonly Heard[];
}

/** Bytes are told by their hash. */
function told([how]: Question, answer: unknown): unknown {
  return how === "read" ? hashOf(answer as Uint8Array | undefined) : answer;
}

/** What is told of the answer that there would be now. */
function now(question: Question, host: Host): unknown {
  return question[0] === "read" ? hashAt(host, question[1]) : ask(host, question);
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
