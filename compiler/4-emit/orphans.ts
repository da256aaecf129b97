import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import { handlerFiles } from "./handlers.js";

/** Files in the handlers' folders that no entry of the manifests leads to. */
export function orphans(server: Server, present: readonly string[]): Diagnostic[] {
  const used = new Set(handlerFiles(server).map((path) => path.toLowerCase()));
  return present
    .filter((path) => !used.has(path.toLowerCase()) && !/(?:\.(?:test|spec|d)\.ts|\/index\.ts)$/.test(path))
    .map((path) => diagnose("handler/orphaned", { path, start: 0, end: 0 }, { path }));
}
