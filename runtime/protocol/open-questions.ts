import type {} from "./parts.js";
import type { Ask, Call } from "./exchange.js";
import { isObject, notificationMessage, type Id, type ResponseMessage } from "./json-rpc.js";
import type { ObservedQuestion } from "./observer.js";
import type { JsonObject } from "./types.js";

/** Time limit for an answer. A user may have to think. */
const maxAnswerMs = 10 * 60_000;

interface Question {
  readonly call: Call;
  /** Cancels the question at the client. */
  readonly giveUp: (reason: Error) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The unanswered questions to the client of a connection. */
export interface OpenQuestions {
  /** Sends a request to the client, along with the client's request that caused it. */
  readonly ask: Ask;
  answered(message: ResponseMessage): void;
  /** Cancels the open questions of a call. */
  forget(call: Call, reason: Error): void;
  rejectAll(reason: Error): void;
}

/** Shows a question to the observer that sees questions. */
function observeQuestion(call: Call, id: Id, method: string, params: JsonObject): ObservedQuestion | undefined {
  const observer = call.peer.view.server.observers?.find(({ onQuestion }) => onQuestion !== undefined);
  return observer?.onQuestion?.(call, id, method, params);
}

/** `prefix` precedes the ids, so that other replicas recognize them. */
export function createQuestions(prefix?: string): OpenQuestions {
  const questions = new Map<Id, Question>();
  let asked = 0;
  return {
    ask: (call, method, params, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        asked += 1;
        const id = prefix === undefined ? asked : `${prefix}-${asked}`;
        const observed = globalThis.mcpcWithoutObservers ? undefined : observeQuestion(call, id, method, params);
        const giveUp = (reason: Error): void => {
          call.notify(notificationMessage("notifications/cancelled", `{"requestId":${JSON.stringify(id)}}`));
          questions.get(id)?.reject(reason);
        };
        const abort = (): void => giveUp(signal.reason as Error);
        const timer = setTimeout(() => giveUp(new Error(`the client has not answered ${method} in time`)), maxAnswerMs);
        const settle =
          <T>(then: (value: T) => void, failed?: true) =>
          (value: T): void => {
            questions.delete(id);
            observed?.end(failed && value);
            clearTimeout(timer);
            signal.removeEventListener("abort", abort);
            then(value);
          };
        questions.set(id, { call, giveUp, resolve: settle(resolve), reject: settle(reject, true) });
        signal.addEventListener("abort", abort, { once: true });
        call.notify(JSON.stringify({ jsonrpc: "2.0", id, method, params: observed?.params ?? params }));
      }),
    answered({ id, result, error }) {
      const waiting = id === undefined ? undefined : questions.get(id);
      if (waiting === undefined) return;
      if (error === undefined) return waiting.resolve(result);
      const { code, message } = isObject(error) ? error : {};
      const said = typeof message === "string" ? message.slice(0, 500) : "without a message";
      const refusal = `the client refused: ${said} (${typeof code === "number" ? code : "without a code"})`;
      waiting.reject(Object.assign(new Error(refusal), { clientError: error }));
    },
    forget(call, reason) {
      if (questions.size === 0) return;
      for (const question of [...questions.values()]) if (question.call === call) question.giveUp(reason);
    },
    rejectAll(reason) {
      for (const { reject } of [...questions.values()]) reject(reason);
    },
  };
}
