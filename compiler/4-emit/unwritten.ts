import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import { plainExport } from "./module-names.js";
import { stubsOf } from "./stubs.js";

/** Pattern of a stub's body, without other code; sticky, from the name of the export. */
const stubBody = /(?:(?!\bexport\b)[^;])*?=>\s*\{\s*(throw\s+notImplemented\([^()\n]*\))\s*;?\s*\}/y;

/** Reports the handlers that are still stubs. `texts` are the contents of handler files, by path. */
export function unwritten(server: Server, texts: ReadonlyMap<string, string>): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const { handler, what, span } of stubsOf(server)) {
    const { file: path } = handler;
    const text = texts.get(path);
    // Few files have a stub, so most need no search.
    if (!text?.includes("notImplemented(")) continue;
    const name = plainExport(text, handler.export);
    if (name === -1) continue;
    stubBody.lastIndex = name;
    const match = stubBody.exec(text);
    if (!match) continue;
    const end = match.index + match[0].lastIndexOf(match[1]!) + match[1]!.length;
    const place = { path, start: end - match[1]!.length, end };
    const related = [{ span, message: `${what} is declared here` }];
    found.set(`${path}#${handler.export}`, diagnose("handler/not-implemented", place, { what, file: path }, related));
  }
  return [...found.values()];
}
