import type { CallContext } from "../protocol/context.js";
import { errorCodes, McpError } from "../protocol/errors.js";
import type { Call } from "../protocol/exchange.js";
import { isObject, notificationMessage } from "../protocol/json-rpc.js";
import { isLoggingLevel } from "../protocol/methods/session.js";
import { relay } from "../protocol/questions.js";
import { loggingLevels, type JsonObject } from "../protocol/types.js";
import type { UpstreamConversation, Owner, WireQuestion } from "./conversation.js";
import { WireError } from "./wire.js";

/** The maximum number of questions of one call. */
const maxQuestions = 100;

type Reply = Parameters<WireQuestion["reply"]>[0];

interface Question {
  readonly method: string;
  readonly params: JsonObject;
  /** Undefined after the answer, or when the upstream no longer wants one. */
  reply: ((answer: Reply) => void) | undefined;
}

/**
 * A call that an upstream answers. It may outlive the run of its handler: where clients are asked by the result
 * (2026-07-28), the upstream works on while the client answers, and the next run takes the call over.
 */
export class UpstreamCall implements Owner {
  readonly #controller = new AbortController();
  readonly #questions: Question[] = [];
  #onQuestion = (): void => {};
  #outcome: Promise<JsonObject> | undefined;
  #isSettled = false;
  #context: CallContext;
  #call: Call;

  constructor(context: CallContext, call: Call) {
    this.#context = context;
    this.#call = call;
  }

  /** The call of the present run, or of the last one. */
  get call(): Call {
    return this.#call;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the work, whose result is the result of the call. */
  start(work: Promise<JsonObject>): void {
    this.#outcome = work;
    const settle = (): void => {
      this.#isSettled = true;
      this.#onQuestion();
    };
    work.then(settle, settle);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Takes a question of the upstream. */
  ask(method: string, params: JsonObject, reply: (answer: Reply) => void): Question {
    const question: Question = { method, params, reply };
    if (this.#questions.length < maxQuestions) this.#questions.push(question);
    else refuse(question, "a call may not ask more questions");
    this.#onQuestion();
    return question;
  }

  progress({ progress, total, message }: JsonObject): void {
    this.#context.progress(progress as number, total as number | undefined, message as string | undefined);
  }

  /** Passes a message for the client's log on, if the client wants its level. */
  log(params: JsonObject): void {
    const { level, data } = params;
    if (!isLoggingLevel(level)) return;
    const { peer } = this.#call;
    peer.view.server.logging?.onLog(this.#call, level, data);
    if (peer.logLevel === undefined || loggingLevels.indexOf(level) < loggingLevels.indexOf(peer.logLevel)) return;
    this.notify("notifications/message", params);
  }

  notify(method: string, params: JsonObject): void {
    this.#call.notify(notificationMessage(method, JSON.stringify(params)));
  }

  /** Asks the client the questions in order, and returns the result. Each run repeats the questions of earlier ones. */
  async follow(context: CallContext, call: Call): Promise<JsonObject> {
    this.#context = context;
    this.#call = call;
    const { signal } = call;
    const abort = (): void => this.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    try {
      for (let index = 0; ; index++) {
        while (!this.#isSettled && this.#questions.length === index) await this.#nextEvent();
        const question = this.#questions[index];
        if (question === undefined) return await this.#outcome!;
        await this.#answer(question, call);
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#onQuestion;
      this.#onQuestion = () => {
        before();
        this.#onQuestion = () => {};
        resolve();
      };
    });
  }

  async #answer(question: Question, call: Call): Promise<void> {
    let answer: Reply;
    try {
      const asking = relay(call, question);
      asking.catch(() => {});
      const result = await Promise.race([asking, this.#outcome!.then(ended, ended)]);
      if (result === undefined) return;
      answer = { result };
    } catch (error) {
      // The run ends; the next one has the answer.
      if (call.rounds?.interrupted !== undefined) throw error;
      answer = { error: clientError(error) };
    }
    question.reply?.(answer);
    question.reply = undefined;
  }
}

const ended = (): undefined => undefined;

/** Answers a question with an error. */
export function refuse({ reply }: Pick<Question, "reply">, message: string): void {
  reply?.({ error: { code: errorCodes.internalError, message } });
}

/** Returns the error for an upstream whose question failed. */
function clientError(error: unknown): JsonObject {
  const { clientError: given, message } = error as { readonly clientError?: unknown; readonly message?: unknown };
  if (isObject(given) && typeof given["code"] === "number" && typeof given["message"] === "string") return given;
  return { code: errorCodes.invalidRequest, message: String(message) };
}

/** The maximum number of rounds of one request. */
const maxRounds = 50;

/** Sends a request, and again with the client's answers if the upstream asks by its result (2026-07-28). */
export async function requestInRounds(
  call: UpstreamCall,
  send: (extra: JsonObject) => ReturnType<UpstreamConversation["request"]>,
): Promise<JsonObject> {
  let extra: JsonObject = {};
  for (let round = 0; round < maxRounds; round++) {
    const result = await send(extra);
    if (result["resultType"] !== "input_required") return result;
    const { inputRequests, requestState } = result;
    const questions = Object.entries(isObject(inputRequests) ? inputRequests : {});
    const answers = await Promise.all(
      questions.map(async ([key, asked]) => [key, await answerOf(call, asked)] as const),
    );
    extra = {
      inputResponses: Object.fromEntries(answers),
      ...(requestState !== undefined && { requestState }),
    };
  }
  throw new WireError("it asks without end");
}

function answerOf(call: UpstreamCall, asked: unknown): Promise<JsonObject> {
  const { method, params = {} } = isObject(asked) ? asked : {};
  if (typeof method !== "string" || !isObject(params)) throw new WireError("it asks an unknown question");
  return new Promise((resolve, reject) => {
    call.ask(method, params, (answer) => {
      if ("result" in answer) return resolve(answer.result);
      const { code, message } = answer.error as { readonly code: number; readonly message: string };
      reject(new McpError(code, message));
    });
  });
}
