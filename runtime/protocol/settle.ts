import type {} from "./parts.js";
import { errorCodes, McpError } from "./errors.js";
import type { Call, Clock, Payload } from "./exchange.js";
import { noteFailure } from "./observer.js";
import { quote } from "./results.js";

type Settled = Payload | McpError;

/** Functions that convert the outcome of a handler's promise. They must not throw. */
export interface OutcomeHandlers {
  readonly finish: (value: unknown) => Settled;
  readonly fail: (error: unknown) => Settled;
}

/** A time limit, and the answer at its end. */
export interface Deadline {
  readonly timeoutMs: number;
  readonly expire: () => Settled;
}

/** Returns the server's default time limit; `name` is the entry, for the message. */
export function deadlineOf(call: Call, name: string): Deadline | undefined {
  const { timeoutMs } = call.peer.view.server.surface;
  if (globalThis.mcpcWithoutTimeouts || timeoutMs === undefined) return undefined;
  const expire = (): McpError => {
    noteFailure(call, "server", "timeout");
    return new McpError(errorCodes.internalError, timeoutMessage(name, timeoutMs));
  };
  return { timeoutMs, expire };
}

export function timeoutMessage(name: string, timeoutMs: number): string {
  return `${quote(name)} timed out after ${timeoutMs} ms`;
}

/** Waits for a handler, or answers when its time limit ends. Later effects of the handler are ignored. */
export function settle(
  call: Call,
  output: PromiseLike<unknown>,
  outcome: OutcomeHandlers,
  deadline: Deadline | undefined,
): Promise<Settled> {
  const work = Promise.resolve(output).then(outcome.finish, outcome.fail);
  return globalThis.mcpcWithoutTimeouts || deadline === undefined ? work : withDeadline(call, work, deadline);
}

function withDeadline(call: Call, work: Promise<Settled>, deadline: Deadline): Promise<Settled> {
  return new Promise((resolve, reject) => {
    const clock = createClock(deadline.timeoutMs, () => {
      call.clock = undefined;
      resolve(deadline.expire());
      call.abort(new Error(`timed out after ${deadline.timeoutMs} ms`));
    });
    // The handler may have asked before it returned its promise.
    if (!call.asking) clock.go();
    call.clock = clock;
    const stopped = work.finally(() => {
      call.clock = undefined;
      clock.stop();
    });
    void stopped.then(resolve, reject);
  });
}

function createClock(milliseconds: number, expire: () => void): Clock {
  // A longer delay overflows and would expire at once.
  let remaining = Math.min(milliseconds, 0x7fffffff);
  let since = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    go() {
      since = performance.now();
      timer = setTimeout(expire, remaining);
    },
    stop() {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      remaining = Math.max(0, remaining - (performance.now() - since));
    },
  };
}
