/** Time limit of a request for the start of the server, or for the check of its credentials. */
export const maxWaitMs = 30_000;

/** Settles like the promise, or resolves with the result of `onTimeout` after the time limit. */
export function withTimeout<Value>(promise: Promise<Value>, onTimeout: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(onTimeout()), maxWaitMs);
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
