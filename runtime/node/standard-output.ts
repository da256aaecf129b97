type Stream = typeof process.stdout;

type StreamProperty = readonly [owner: object, name: string, descriptor: PropertyDescriptor];

declare global {
  /** The stream that a bundle's loader reserved before it loaded the bundle. */
  var mcpcStandardOutput: readonly StreamProperty[] | undefined;
}

/** Properties that lead to the stream. `console` keeps an open one in all of its methods. */
const streamProperties: readonly StreamProperty[] =
  (globalThis.mcpcWithoutExternal ? undefined : globalThis.mcpcStandardOutput) ??
  [[process, "stdout"] as const, [console, "_stdout"] as const].map(
    ([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)!] as const,
  );

/** Returns the transport from the command line or the environment, if any. */
function requestedTransport(): string | undefined {
  return /--transport[= ](\w+)/.exec(process.argv.join(" "))?.[1] ?? process.env["MCPC_TRANSPORT"];
}

/** Returns the stream of standard output, even while it is reserved. Opening it takes time. */
export function standardOutput(): Stream {
  return streamProperties[0]![2].get!.call(process) as Stream;
}

/**
 * Redirects `process.stdout` and `console` to standard error, unless the process certainly serves HTTP. It runs before
 * the transport is known, since the user's modules are evaluated first.
 */
export function reserveStandardOutput(): void {
  if (requestedTransport() === "http") return;
  if (!globalThis.mcpcWithoutExternal) globalThis.mcpcStandardOutput = streamProperties;
  for (const [owner, name, { enumerable }] of streamProperties)
    Object.defineProperty(owner, name, { get: () => process.stderr, configurable: true, enumerable: enumerable! });
}

/** Restores standard output. */
export function releaseStandardOutput(): void {
  for (const [owner, name, descriptor] of streamProperties) Object.defineProperty(owner, name, descriptor);
}
