import type {} from "./parts.js";
import { endSubscriptions } from "./changes.js";
import { errorCodes, McpError, stopping } from "./errors.js";
import type { Server } from "./exchange.js";
import { noteFailure, observeCutOff } from "./observer.js";

/** Default time limit for running calls when the server stops. */
export const drainMs = 10_000;
/** Time limits for cancelled calls to end: the usual one, and the one after a second signal. */
const cancelGraceMs = 1000;
const cancelPollMs = 100;
const pollMs = 10;
const cutOff = "the server is stopping; send the request again if safe";

/** The urgency of a stop. */
export interface Urgency {
  readonly isUrgent: boolean;
}

/**
 * Stops a server gracefully: refuses new requests, gives running calls `limitMs`, cancels the rest, then closes
 * connections.
 */
export async function drain(server: Server, limitMs: number, hurry?: Urgency): Promise<void> {
  server.admit = stopping;
  server.application.draining = true;
  endSubscriptions(server);
  const began = performance.now();
  await idle(server, limitMs, hurry);
  const { size } = server.running;
  if (size > 0) server.logger("warning", `calls cut off after ${Math.round(performance.now() - began)} ms: ${size}`);
  // No `UnavailableError`: the handlers may have had effects.
  const reason = new McpError(errorCodes.internalError, cutOff);
  for (const running of server.running) {
    // Handlers may still answer.
    noteFailure(running, "limit", "busy");
    running.abort(reason);
  }
  await idle(server, cancelPollMs);
  await idle(server, cancelGraceMs - cancelPollMs, hurry);
  if (!globalThis.mcpcWithoutObservers) for (const running of server.running) observeCutOff(running, reason);
  for (const subscriber of [...server.subscribers]) subscriber.close?.();
}

async function idle({ running }: Server, limitMs: number, hurry?: Urgency): Promise<void> {
  const until = performance.now() + limitMs;
  while (running.size > 0 && performance.now() < until && hurry?.isUrgent !== true)
    await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, limitMs)));
}
