import type { Server } from "./exchange.js";
import { createLogger, type Logger } from "./logger.js";
import type { Handlers, Surface } from "./surface.js";

export interface ServerOptions {
  readonly logger?: Logger;
  /** Secrets that seal request states, the newest first; one of this process alone when there are none. */
  readonly stateKeys?: readonly string[];
}

/** A surface and its handlers as a server; nothing is worked out before the first request. */
export function defineServer(surface: Surface, handlers: Handlers, options: ServerOptions = {}): Server {
  const { logger = createLogger("info"), stateKeys = [] } = options;
  return { surface, handlers, logger, stateKeys, views: new Map(), indexes: new Map(), subscribers: new Set() };
}
