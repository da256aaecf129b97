import { posix } from "node:path";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { plainExport } from "./module-names.js";
import { isStubFile, type Stub } from "./stubs.js";

/**
 * Reports a handler that has moved to another file: one that exports its name and mentions its type. Undefined without
 * exactly one such file.
 */
export function moved({ handler, name, span }: Stub, elsewhere: ReadonlyMap<string, string>): Diagnostic | undefined {
  const { file, type, declared } = handler;
  const speaksOf = new RegExp(`(?<![\\w$])${type}(?![\\w$])`);
  const candidates = [...elsewhere].filter(
    ([path, text]) =>
      path !== file && plainExport(text, handler.export) !== -1 && speaksOf.test(text) && !isStubFile(text),
  );
  const [found, text = ""] = candidates[0] ?? [];
  if (found === undefined || candidates.length > 1) return undefined;
  const path = posix.relative(posix.dirname(span.path), found);
  const reference = `${path.startsWith(".") ? path : `./${path}`}#${handler.export}`;
  const parameters = { what: JSON.stringify(name), file, found, reference };
  const start = plainExport(text, handler.export);
  const place = { path: found, start, end: start + handler.export.length };
  const end = { ...span, start: span.end };
  const fix = declared ? undefined : { span: end, text: `, "handler": ${JSON.stringify(reference)}` };
  return diagnose("handler/moved", span, parameters, [{ span: place, message: "it is here" }], fix);
}
