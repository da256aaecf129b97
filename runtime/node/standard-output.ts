type Stream = typeof process.stdout;

type StreamProperty = readonly [owner: object, name: string, descriptor: PropertyDescriptor];

declare global {
  /** The stream that the loader of a bundle has reserved, before the bundle is loaded. */
  var mcpcStandardOutput: readonly StreamProperty[] | undefined;
}

/** Properties that lead to the stream: `console` keeps one that was opened before, in all of its methods. */
const streamProperties: readonly StreamProperty[] =
  (globalThis.mcpcWithoutExternal ? undefined : globalThis.mcpcStandardOutput) ??
  [[process, "stdout"] as const, [console, "_stdout"] as const].map(
    ([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)!] as const,
  );

/** Returns the transport that the process was started with, if that was said at all. */
function requestedTransport(): string | undefined {
  return /--transport[= ](\w+)/.exec(process.argv.join(" "))?.[1] ?? process.env["MCPC_TRANSPORT"];
}

/** Returns the stream of standard output, which takes time to open, also while it is reserved. */
export function standardOutput(): Stream {
  return streamProperties[0]![2].get!.call(process) as Stream;
}

/**
 * Makes all code that writes to `process.stdout` or `console` write to standard error, unless the process is known to
 * serve HTTP: modules of the user's are evaluated before the transport is known for certain.
 */
export function reserveStandardOutput(): void {
  if (requestedTransport() === "http") return;
  if (!globalThis.mcpcWithoutExternal) globalThis.mcpcStandardOutput = streamProperties;
  for (const [owner, name, { enumerable }] of streamProperties)
    Object.defineProperty(owner, name, { get: () => process.stderr, configurable: true, enumerable: enumerable! });
}

/** Gives standard output back to everybody. */
export function releaseStandardOutput(): void {
  for (const [owner, name, descriptor] of streamProperties) Object.defineProperty(owner, name, descriptor);
}
