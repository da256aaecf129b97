import type {} from "./parts.js";
import { McpError } from "./errors.js";
import type { Answer, AnyQuestion, Call, Interruptible, Method, Payload } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { openState, invalidState, sealState, stateLifetimeMs, type CallProgress } from "./request-state.js";
import { internalError, invalidParams } from "./results.js";
import { claimStates } from "./state-claims.js";
import type { Json, JsonObject } from "./types.js";

/** Ends a run of the handler that waits for the client. The result or error of that run is ignored. */
export class Interruption extends Error {
  constructor() {
    super("this run ends here; do not catch this error");
    this.name = "Interruption";
  }
}

/** A question to the client, in the protocol's form. */
export type Question = AnyQuestion;

interface PendingQuestion {
  readonly question: Question;
  readonly reject: (error: Interruption) => void;
}

/**
 * A call with several round trips (2026-07-28, multi round-trip requests). The handler runs from its start in each
 * round. Answered questions resolve; the first unanswered ones end the run and become its result.
 */
export class Rounds implements Interruptible {
  readonly #call: Call;
  readonly #answers: Record<string, Json>;
  readonly #steps: Record<string, Json>;
  readonly #id: string | undefined;
  readonly #responses: JsonObject;
  readonly #used = new Map<string, number>();
  readonly #waiting = new Map<string, PendingQuestion>();
  #interrupted: Payload | McpError | undefined;

  constructor(call: Call, progress: CallProgress, responses: JsonObject) {
    this.#call = call;
    this.#answers = withoutPrototype(progress.answers);
    this.#steps = withoutPrototype(progress.steps);
    this.#id = progress.id;
    this.#responses = responses;
  }

  get interrupted(): Payload | McpError | undefined {
    return this.#interrupted;
  }

  /** Asks a question. Its key is numbered by use, so handlers must ask in the same order in every round. */
  ask(name: string, question: Question): Promise<unknown> {
    const key = this.#keyFor(name);
    if (Object.hasOwn(this.#answers, key)) return Promise.resolve(this.#answers[key]);
    const response = Object.hasOwn(this.#responses, key) ? this.#responses[key] : undefined;
    if (response !== undefined && question.accepts(response)) {
      this.#answers[key] = response;
      return Promise.resolve(response);
    }
    return new Promise((_, reject) => {
      if (this.#interrupted !== undefined) return reject(new Interruption());
      this.#waiting.set(key, { question, reject });
      // Concurrent questions are sent together.
      if (this.#waiting.size === 1) setTimeout(() => void this.#interrupt(), 0);
    });
  }

  /**
   * Runs work in the first round that reaches it. Later rounds reuse its result, which is in their state. A client that
   * repeats a request, because its answer was lost, repeats the work too.
   */
  async step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const key = this.#keyFor(`step ${name}`);
    if (Object.hasOwn(this.#steps, key)) return this.#steps[key] as T;
    const value = await work();
    this.#steps[key] = value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
    return value;
  }

  #keyFor(name: string): string {
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  }

  async #interrupt(): Promise<void> {
    try {
      this.#interrupted = await this.#inputRequired();
    } catch (error) {
      this.#interrupted = internalError(this.#call, "the state of the request could not be sealed", error);
    }
    for (const { reject } of this.#waiting.values()) reject(new Interruption());
  }

  async #inputRequired(): Promise<Payload> {
    const id = this.#id ?? crypto.randomUUID();
    const state = await sealState(this.#call, { answers: this.#answers, steps: this.#steps, id });
    const requests = [...this.#waiting].map(
      ([
        key,
        {
          question: { method, params },
        },
      ]) => [key, { method, params }] as const,
    );
    const members = `"inputRequests":${JSON.stringify(Object.fromEntries(requests))},"requestState":"${state}"`;
    return `{"resultType":"input_required",${members}${this.#call.peer.view.closing}`;
  }
}

/** Copies an object without a prototype, so that names such as `__proto__` are ordinary. */
function withoutPrototype(values: JsonObject): Record<string, Json> {
  return Object.assign(Object.create(null) as Record<string, Json>, values);
}

/** Wraps a method whose handlers may ask: it restores the state of a continued request. */
export function resumable(method: Method): Method {
  return (call: Call): Answer => {
    const { requestState: state, inputResponses: responses } = call.params;
    if (state === undefined && responses === undefined) return method(call);
    if (responses !== undefined && !isObject(responses)) return invalidParams('"inputResponses" must be an object');
    if (state !== undefined && typeof state !== "string") return invalidParams('"requestState" must be a string');
    if (globalThis.mcpcWithoutAsking) return state === undefined ? method(call) : invalidState();
    else return resume(call, method, state, responses);
  };
}

function resume(call: Call, method: Method, state: string | undefined, responses: JsonObject = {}): Answer {
  const resume = (progress: CallProgress): Answer => {
    call.rounds = new Rounds(call, progress, responses);
    return method(call);
  };
  if (state === undefined) return resume({ answers: {}, steps: {} });
  return openState(call, state).then((progress) =>
    progress instanceof McpError ? progress : resumeOnce(call, progress, resume),
  );
}

/** Continues a call, unless another request does, or has done so up to the call's answer. */
async function resumeOnce(
  call: Call,
  progress: CallProgress,
  resume: (progress: CallProgress) => Answer,
): Promise<Payload | McpError> {
  // A state of an earlier version has no id.
  if (progress.id === undefined) return resume(progress);
  const claim = await claimStates(call, progress.id, stateLifetimeMs);
  if (claim instanceof McpError) return claim;
  let isAnswered = false;
  try {
    const answer = await resume(progress);
    // Without an answer, the client may send the request again.
    isAnswered = !(answer instanceof McpError) && !call.aborted && call.rounds?.interrupted === undefined;
    return answer;
  } finally {
    await claim.end(isAnswered);
  }
}

/** Returns the rounds of a call. They are created at the first question. */
export function roundsOf(call: Call): Rounds {
  return (call.rounds ??= new Rounds(call, { answers: {}, steps: {} }, {})) as Rounds;
}
