import { dirname, join, relative } from "node:path/posix";
import { visit } from "../../1-read/visit.js";
import type { Finding } from "../../6-typecheck/index.js";

/** An error in TypeScript's words; `fileName` and the positions are missing where it cannot tell. */
interface ConfigError {
  readonly code: number;
  readonly text: string;
  readonly fileName?: string | undefined;
  readonly pos: number;
  readonly end: number;
}

/** Options that versions before 5.5 had, which a project may still be checked with elsewhere. */
const former =
  /'(?:importsNotUsedAsValues|preserveValueImports|out|charset|noImplicitUseStrict|suppressExcessPropertyErrors|suppressImplicitAnyIndexErrors|noStrictGenericChecks|keyofStringsOnly)'/;
const formerValue = /^["'](?:es3|none)["']$/i;

const unknownOption = 5023;
const unknownValue = 6046;
const unreadable = 5083;
const notFound = 6053;
/** Codes below are those of the syntax. */
const semantic = 2000;

/**
 * Returns what TypeScript finds wrong in the configuration file of a project and in those that it extends; of mistakes
 * in the syntax the first of each file. Paths are relative to `root`; what is wrong outside is told at the project's own
 * file.
 */
export function configErrors(
  errors: readonly ConfigError[],
  config: string,
  root: string,
  textOf: (file: string) => string | undefined,
): Finding[] {
  const broken = new Set<string>();
  return errors.flatMap((error): Finding[] => {
    const { code, fileName = "" } = error;
    const file = fileName === "" ? config : fileName;
    const source = textOf(file) ?? "";
    const { pos, end } = code === unreadable || code === notFound ? extended(error, config, source) : error;
    const word = source.slice(Math.max(0, pos), Math.max(0, end));
    if (code === unknownOption && former.test(error.text)) return [];
    if (code === unknownValue && formerValue.test(word)) return [];
    if (code < semantic && broken.has(file)) return [];
    if (code < semantic) broken.add(file);
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

/** The place that names the file which cannot be read: TypeScript gives none. */
function extended(
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
