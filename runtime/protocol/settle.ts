import type { McpError } from "./errors.js";
import type { Call, Payload } from "./exchange.js";

type Settled = Payload | McpError;

/** What becomes of a handler's promise. None of the functions may throw. */
export interface Outcome {
  readonly finish: (value: unknown) => Settled;
  readonly fail: (error: unknown) => Settled;
}

/** A time limit, and the answer when it is over. */
export interface Deadline {
  readonly timeoutMs: number;
  readonly expire: () => Settled;
}

/**
 * Waits for a handler. This is the one place where an answer may come before the handler has ended: what the handler
 * does afterwards has no effect.
 */
export function settle(
  call: Call,
  output: PromiseLike<unknown>,
  outcome: Outcome,
  deadline: Deadline | undefined,
): Promise<Settled> {
  const work = Promise.resolve(output).then(outcome.finish, outcome.fail);
  if (deadline === undefined) return work;
  return new Promise((resolve, reject) => {
    // A longer delay than this overflows and would expire at once.
    const delay = Math.min(deadline.timeoutMs, 0x7fffffff);
    const timer = setTimeout(() => {
      resolve(deadline.expire());
      call.abort(new Error(`timed out after ${deadline.timeoutMs} ms`));
    }, delay);
    void work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
