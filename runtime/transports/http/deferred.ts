import { takeBody } from "../../protocol/ledger.js";
import type { HttpRequest, Running } from "./endpoint.js";

/**
 * Answers a request after a wait, with `resume` or with `fail`. A client that disconnects meanwhile abandons the call
 * that starts then.
 */
export function deferred<T>(
  request: HttpRequest,
  wait: Promise<T>,
  resume: (value: T) => Running | undefined,
  fail: (error: unknown) => void,
): Running {
  const body = takeBody(request);
  let running: Running | undefined;
  let isAbandoned = false;
  wait
    .finally(() => (request.body = body))
    .then((value) => {
      running = resume(value);
      if (isAbandoned) running?.abandon();
    })
    .catch(fail)
    // Code that outlives the message has taken over the booking.
    .finally(() => request.body?.release());
  return {
    abandon() {
      isAbandoned = true;
      running?.abandon();
    },
  };
}
