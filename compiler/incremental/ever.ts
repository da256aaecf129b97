import { createHash } from "node:crypto";
import type { Host } from "../host.js";
import type { Stored } from "../model/stored.js";
import { ask, listening, type Heard } from "./again.js";

/**
 * What `act` comes to, or came to in an earlier build of the same compiler, where it would ask the very same of the host
 * and hear the same. What is not worth to be kept is told by `worth`.
 */
export type Ever = <Output>(
  name: string,
  host: Host,
  act: (host: Host) => Promise<Output>,
  worth: (output: Output) => boolean,
) => Promise<Output>;

export function ever(stored: Stored): Ever {
  return async (name, host, act, worth) => {
    type Output = Awaited<ReturnType<typeof act>>;
    // Apart, because what came of it may be large.
    const output = `${name}.output`;
    const left = stored.read(name) as Left | undefined;
    if (left?.heard.every(({ question, answer }) => same(told(ask(host, question)), answer))) {
      const known = stored.read(output) as { readonly id: string; readonly value: Output } | undefined;
      if (known?.id === left.id) return known.value;
    }
    const heard = new Map<string, Heard>();
    const value = await act(listening(host, heard));
    if (worth(value)) {
      const all = [...heard.values()].map(({ question, answer }) => ({ question, answer: told(answer) }));
      const id = hashOf(JSON.stringify(all));
      stored.write(output, { id, value });
      stored.write(name, { id, heard: all } satisfies Left);
    }
    return value;
  };
}

interface Left {
  readonly id: string;
  readonly heard: readonly Heard[];
}

/** Bytes are told by their hash. */
function told(answer: unknown): unknown {
  return answer instanceof Uint8Array ? hashOf(answer) : answer;
}

function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
