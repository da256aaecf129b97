import { createHash } from "node:crypto";
import { hashAt, hashOf, type Host } from "../host.js";
import type { Stored } from "../model/stored.js";
import { ask, listening, type Heard, type Question } from "./again.js";

/**
 * What `act` comes to, or came to in an earlier build of the same compiler, where it would ask the very same of the host
 * and hear the same. What is not worth to be kept is told by `worth`.
 */
export type Ever = <Output>(
  name: string,
  host: Host,
  act: (host: Host) => Promise<Made<Output>>,
  worth: (output: Output) => boolean,
) => Promise<Kept<Output>>;

export interface Made<Output> {
  readonly output: Output;
  /** What is large, and seldom needed twice. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Kept<Output> {
  readonly output: Output;
  /** Stands for the output and its texts; absent where nothing is kept. */
  readonly id?: string;
  texts(): Promise<ReadonlyMap<string, string>>;
}

/** Keeps nothing. */
export const never: Ever = async (_name, host, act) => {
  const { output, texts } = await act(host);
  return { output, texts: () => Promise.resolve(texts) };
};

export interface Evers {
  readonly ever: Ever;
  /** Leaves the texts, too: for a build that did not get as far as to write them. */
  leaveTexts(): void;
}

export function everIn(stored: Stored): Evers {
  let leaveTexts = (): void => {};
  const ever: Ever = async (name, host, act, worth) => {
    type Output = Awaited<ReturnType<typeof act>>["output"];
    type Texts = ReadonlyMap<string, string>;
    // In parts, because what came of it may be large.
    const [outputOf, textsOf] = [`${name}.output`, `${name}.texts`];
    const part = <T>(of: string, id: string): { readonly value: T } | undefined => {
      const known = stored.read(of) as { readonly id: string; readonly value: T } | undefined;
      return known?.id === id ? known : undefined;
    };
    const left = stored.read(name) as Left | undefined;
    if (left?.heard.every(({ question, answer }) => same(now(question, host), answer))) {
      const { id } = left;
      const known = part<Output>(outputOf, id);
      const texts = async (): Promise<Texts> => {
        const value = part<Texts>(textsOf, id)?.value;
        if (value) return value;
        const { texts } = await act(host);
        leaveTexts = () => stored.write(textsOf, { id, value: texts });
        return texts;
      };
      if (known) return { output: known.value, id, texts };
    }
    const heard = new Map<string, Heard>();
    const { output, texts } = await act(listening(host, heard));
    const all = [...heard.values()].map(({ question, answer }) => ({ question, answer: told(question, answer) }));
    const id = createHash("sha256").update(JSON.stringify(all)).digest("base64url");
    if (worth(output)) {
      stored.write(outputOf, { id, value: output });
      leaveTexts = () => stored.write(textsOf, { id, value: texts });
      stored.write(name, { id, heard: all } satisfies Left);
    }
    return { output, id, texts: () => Promise.resolve(texts) };
  };
  return { ever, leaveTexts: () => leaveTexts() };
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
