import { endSubscriptions } from "./changes.js";
import { stopping } from "./errors.js";
import type { Server } from "./exchange.js";

/** How long what runs may take, unless told otherwise. */
export const drainMs = 10_000;
/** How long calls that are cancelled at the end of the time may take to say so. */
const lastWordMs = 1000;
const lookMs = 10;

/**
 * Stops a server gracefully: nothing new begins, what runs may end within `limitMs` and is cancelled then, and at last
 * what carries answers is told to close.
 */
export async function drain(server: Server, limitMs: number): Promise<void> {
  server.admit = stopping;
  server.application.draining = true;
  endSubscriptions(server);
  await idle(server, limitMs);
  for (const running of server.running) running.abort(stopping());
  await idle(server, lastWordMs);
  for (const subscriber of [...server.subscribers]) subscriber.close?.();
}

function idle({ running }: Server, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  return new Promise((resolve) => {
    const look = (): void => {
      if (running.size === 0 || Date.now() >= until) resolve();
      else setTimeout(look, Math.min(lookMs, limitMs));
    };
    look();
  });
}
