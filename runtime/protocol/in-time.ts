/** How long a request may wait for the start of the server, or for a check of its credentials. */
export const longestWaitMs = 30_000;

/** Settles as the promise does, or resolves with what `late` returns where that takes too long. */
export function inTime<Value>(promise: Promise<Value>, late: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), longestWaitMs);
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
