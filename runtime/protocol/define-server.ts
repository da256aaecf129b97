import type { Server } from "./exchange.js";
import { createLogger, type Logger } from "./logger.js";
import type { Handlers, Surface } from "./surface.js";

/** A surface and its handlers as a server; nothing is worked out before the first request. */
export function defineServer(surface: Surface, handlers: Handlers, logger: Logger = createLogger("info")): Server {
  return { surface, handlers, logger, views: new Map(), indexes: new Map() };
}
