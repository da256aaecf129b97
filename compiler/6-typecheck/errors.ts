import type { ts as TS } from "ts-morph";
import type { Finding, Place } from "./question.js";
import { isGenerated, type Situation } from "./situation.js";

/** What TypeScript says of these files. */
export function errorsIn(program: TS.Program, sources: readonly TS.SourceFile[], situation: Situation): Finding[] {
  const { ts, files, ownPath } = situation;
  return sources.flatMap((source) => {
    const path = ownPath(source.fileName === files.bindings ? files.server : source.fileName)!;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    // An excerpt of them imports what only the rest makes use of.
    const isExcess = ({ reportsUnnecessary }: TS.Diagnostic): boolean =>
      source.fileName === files.types && reportsUnnecessary !== undefined;
    return found
      .filter((error) => !isExcess(error))
      .map((error): Finding => {
        const { start = 0, length = 0, code } = error;
        const text = ts.flattenDiagnosticMessageText(error.messageText, "; ").replace(/;\s+/g, "; ").replace(/\.$/, "");
        const end = source.text.indexOf("\n", start);
        const line = source.text.slice(
          source.text.lastIndexOf("\n", start - 1) + 1,
          end === -1 ? source.text.length : end,
        );
        return { path, code, text, start, length, line, word: source.text.slice(start, start + length) };
      });
  });
}

/** Where the user's files of a program declare what they export. */
export function exportsOf(program: TS.Program, situation: Situation): Map<string, Map<string, Place>> {
  const { ts, ownPath } = situation;
  const checker = program.getTypeChecker();
  const found = new Map<string, Map<string, Place>>();
  for (const source of program.getSourceFiles()) {
    const path = ownPath(source.fileName);
    if (path === undefined || isGenerated(path, situation)) continue;
    const places = new Map<string, Place>();
    for (const [name, { declarations }] of checker.getSymbolAtLocation(source)?.exports ?? []) {
      const declaration = declarations?.[0];
      if (!declaration) continue;
      const named = (declaration as TS.NamedDeclaration).name ?? declaration;
      places.set(ts.unescapeLeadingUnderscores(name), { start: named.getStart(), end: named.getEnd() });
    }
    found.set(path, places);
  }
  return found;
}

/** The lines of `generated/server.ts` with errors. */
export function linesOf(errors: readonly Finding[], { question }: Situation): string[] {
  return errors.filter(({ path }) => path === `${question.generated}/server.ts`).map(({ line }) => line);
}
