import { endSubscriptions } from "./changes.js";
import { stopping } from "./errors.js";
import type { Server } from "./exchange.js";

/** How long what runs may take, unless told otherwise. */
export const drainMs = 10_000;
/** How long cancelled calls may take to end, and how long after a second signal. */
const lastWordMs = 1000;
const hurriedMs = 100;
const lookMs = 10;

/** Says whether what runs has lost the rest of its time. */
export interface Hurry {
  readonly now: boolean;
}

/**
 * Stops a server gracefully: nothing new begins, what runs may end within `limitMs` and is cancelled then, and at last
 * what carries answers is told to close.
 */
export async function drain(server: Server, limitMs: number, hurry?: Hurry): Promise<void> {
  server.admit = stopping;
  server.application.draining = true;
  endSubscriptions(server);
  await idle(server, limitMs, hurry);
  for (const running of server.running) running.abort(stopping());
  await idle(server, hurriedMs);
  await idle(server, lastWordMs - hurriedMs, hurry);
  for (const subscriber of [...server.subscribers]) subscriber.close?.();
}

async function idle({ running }: Server, limitMs: number, hurry?: Hurry): Promise<void> {
  const until = performance.now() + limitMs;
  while (running.size > 0 && performance.now() < until && hurry?.now !== true)
    await new Promise((resolve) => setTimeout(resolve, Math.min(lookMs, limitMs)));
}
