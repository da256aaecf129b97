import { endSubscriptions } from "./changes.js";
import { stopping } from "./errors.js";
import type { Server } from "./exchange.js";

/** How long what runs may take, unless told otherwise. */
export const drainMs = 10_000;
/** How long cancelled calls may take to end, and how long after a second signal. */
const cancelGraceMs = 1000;
const cancelPollMs = 100;
const pollMs = 10;

/** Says whether what runs has lost the rest of its time. */
export interface Urgency {
  readonly isUrgent: boolean;
}

/**
 * Stops a server gracefully: nothing new begins, what runs may end within `limitMs` and is cancelled then, and at last
 * what carries answers is told to close.
 */
export async function drain(server: Server, limitMs: number, hurry?: Urgency): Promise<void> {
  server.admit = stopping;
  server.application.draining = true;
  endSubscriptions(server);
  await idle(server, limitMs, hurry);
  for (const running of server.running) running.abort(stopping());
  await idle(server, cancelPollMs);
  await idle(server, cancelGraceMs - cancelPollMs, hurry);
  for (const subscriber of [...server.subscribers]) subscriber.close?.();
}

async function idle({ running }: Server, limitMs: number, hurry?: Urgency): Promise<void> {
  const until = performance.now() + limitMs;
  while (running.size > 0 && performance.now() < until && hurry?.isUrgent !== true)
    await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, limitMs)));
}
