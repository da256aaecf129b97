import { dirname, join, relative } from "node:path/posix";
import { visit } from "../../1-read/visit.js";
import type { Finding } from "../../6-typecheck/index.js";

/** An error of TypeScript. `fileName` and positions are missing if they are unknown. */
interface ConfigError {
  readonly code: number;
  readonly text: string;
  readonly fileName?: string | undefined;
  readonly pos: number;
  readonly end: number;
}

/** Options that existed before 5.5. A project may be checked with such a version elsewhere. */
const formerOptions =
  /'(?:importsNotUsedAsValues|preserveValueImports|out|charset|noImplicitUseStrict|suppressExcessPropertyErrors|suppressImplicitAnyIndexErrors|noStrictGenericChecks|keyofStringsOnly)'/;
const formerValues = /^["'](?:es3|none)["']$/i;

const unknownOption = 5023;
const unknownValue = 6046;
const unreadable = 5083;
const notFound = 6053;
/** Lower codes are syntax errors. */
const semantic = 2000;

/**
 * Returns the errors in a project's configuration file and in those that it extends; of syntax errors only the first
 * of each file. Paths are relative to `root`. Errors outside are reported at the project's own file.
 */
export function configErrors(
  errors: readonly ConfigError[],
  config: string,
  root: string,
  textOf: (file: string) => string | undefined,
): Finding[] {
  const reportedFiles = new Set<string>();
  return errors.flatMap((error): Finding[] => {
    const { code, fileName = "" } = error;
    const file = fileName === "" ? config : fileName;
    const source = textOf(file) ?? "";
    const { pos, end } = code === unreadable || code === notFound ? missingExtends(error, config, source) : error;
    const word = source.slice(Math.max(0, pos), Math.max(0, end));
    if (code === unknownOption && formerOptions.test(error.text)) return [];
    if (code === unknownValue && formerValues.test(word)) return [];
    if (code < semantic && reportedFiles.has(file)) return [];
    if (code < semantic) reportedFiles.add(file);
    const text = error.text.replaceAll(`${root}/`, "").replace(/\.$/, "");
    const path = relative(root, file);
    if (path.startsWith("../")) {
      const at = { path: relative(root, config), start: 0, length: 0 };
      return [{ ...at, code, text: file === config ? text : `${text}, in ${path}`, line: "", word }];
    }
    const start = Math.max(0, pos);
    return [{ path, code, text, start, length: Math.max(0, end - start), line: "", word }];
  });
}

/** Returns the place that names an unreadable file, which TypeScript does not report. */
function missingExtends(
  { text }: ConfigError,
  config: string,
  source: string,
): { readonly pos: number; readonly end: number } {
  let place = { pos: 0, end: 0 };
  visit(source, {
    onLiteralValue: (value, offset, length, _line, _column, pathOf) => {
      if (pathOf()[0] !== "extends" || typeof value !== "string") return;
      const isNamed = [value, join(dirname(config), value)].some((name) => text.includes(`'${name}`));
      if (isNamed) place = { pos: offset, end: offset + length };
    },
  });
  return place;
}
