/** How long a request may wait for the start of the server, or for a check of its credentials. */
export const maxWaitMs = 30_000;

/** Settles as the promise does, or resolves with what `late` returns where that takes too long. */
export function withTimeout<Value>(promise: Promise<Value>, onTimeout: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(onTimeout()), maxWaitMs);
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
