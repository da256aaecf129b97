type Stream = typeof process.stdout;

/** Properties that lead to the stream: `console` keeps one that was opened before, in all of its methods. */
const places = [[process, "stdout"] as const, [console, "_stdout"] as const].map(
  ([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)!] as const,
);

/** Returns the stream of standard output, which takes time to open, also while it is reserved. */
export function standardOutput(): Stream {
  return places[0]![2].get!.call(process) as Stream;
}

/** Makes all code that writes to `process.stdout` or `console` write to standard error. */
export function reserveStandardOutput(): void {
  for (const [owner, name, { enumerable }] of places)
    Object.defineProperty(owner, name, { get: () => process.stderr, configurable: true, enumerable: enumerable! });
}

/** Gives standard output back to everybody. */
export function releaseStandardOutput(): void {
  for (const [owner, name, descriptor] of places) Object.defineProperty(owner, name, descriptor);
}
