import { posix } from "node:path";
import type { Node } from "typescript/unstable/ast";
import type { Diagnostic, Project } from "typescript/unstable/sync";
import type { Finding, ExportPlace, Question } from "../../6-typecheck/index.js";

/** A program with access to its files. */
export interface ProgramSources {
  /** The absolute path of the user's folder. */
  readonly root: string;
  readonly project: Project;
  /** Returns the project path; `undefined` for files of neither the user nor the generated code. */
  pathOf(file: string): string | undefined;
  textOf(file: string): string;
}

/** Returns TypeScript's diagnostics of the files with a project path. */
export function findingsIn(sources: ProgramSources): Finding[] {
  const { program } = sources.project;
  const byFile = new Map<string, Diagnostic[]>();
  for (const diagnostic of [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()]) {
    const { fileName = "" } = diagnostic;
    const list = byFile.get(fileName);
    if (list) list.push(diagnostic);
    else byFile.set(fileName, [diagnostic]);
  }
  return [...byFile].flatMap(([file, diagnostics]) => {
    const path = sources.pathOf(file);
    if (path === undefined) return [];
    const text = program.getSourceFile(file)?.text ?? "";
    const shift = shiftOf(file, sources);
    return diagnostics.map((diagnostic) => findingOf(diagnostic, path, text, shift));
  });
}

/** Returns the diagnostics in files that `entries`, by project path, import. The user checks others. */
export function relevantFindings(
  findings: readonly Finding[],
  entries: readonly string[],
  sources: ProgramSources,
): Finding[] {
  const paths = new Set(entries);
  if (findings.every(({ path }) => paths.has(path))) return [...findings];
  const reached = reachedFrom(entries, sources);
  return findings.filter(({ path }) => reached.has(path));
}

/** Returns the user's files that these import, directly and indirectly, by project path. */
function reachedFrom(entries: readonly string[], { root, project, pathOf }: ProgramSources): ReadonlySet<string> {
  const { program, checker } = project;
  const reached = new Set(entries);
  // Iteration over a set includes the elements that are added meanwhile.
  for (const path of reached) {
    const source = program.getSourceFile(`${root}/${path}`);
    if (!source) continue;
    const modules = checker.getSymbolAtLocation(source.imports).flatMap((symbol) => symbol?.declarations ?? []);
    const files = [
      ...modules
        .filter(({ path }) => !path.includes("/node_modules/"))
        .map((module) => module.resolve()?.getSourceFile().fileName),
      ...source.referencedFiles.map(({ fileName }) => posix.join(posix.dirname(source.fileName), fileName)),
    ];
    for (const file of files) {
      const path = file === undefined ? undefined : pathOf(file);
      if (path !== undefined) reached.add(path);
    }
  }
  return reached;
}

function findingOf(diagnostic: Diagnostic, path: string, source: string, shift: number): Finding {
  const { pos, end, code } = diagnostic;
  const next = source.indexOf("\n", pos);
  const line = source.slice(source.lastIndexOf("\n", pos - 1) + 1, next === -1 ? source.length : next);
  const text = flatten(diagnostic).replace(/;\s+/g, "; ").replace(/\.$/, "");
  const finding = { path, code, text, start: pos + shift, length: end - pos, line, word: source.slice(pos, end) };
  const opening = diagnostic.relatedInformation?.find((related) => related.code === unclosed);
  if (opening === undefined) return finding;
  const start = opening.pos + shift;
  return { ...finding, opening: { start, end: start + 1, word: source.charAt(opening.pos) } };
}

/** TypeScript's code for a bracket without its counterpart. */
const unclosed = 1007;

/** Returns the offset of positions: TypeScript does not count a byte order mark. */
function shiftOf(file: string, { textOf }: ProgramSources): number {
  return textOf(file).startsWith("\uFEFF") ? 1 : 0;
}

function flatten({ text, messageChain = [] }: Diagnostic): string {
  return [text, ...messageChain.map(flatten)].join("; ");
}

/** Returns the user's files at which these errors may be reported. */
export function reportFiles(errors: readonly Finding[], { generated, bound }: Question): Set<string> {
  const binding = errors.filter(({ path }) => path === `${generated}/server.ts`).map(({ line }) => line);
  const files = new Set(errors.map(({ path }) => path).filter((path) => !path.startsWith(`${generated}/`)));
  for (const { file, words } of bound)
    if (binding.some((line) => words.some((word) => line.includes(word)))) files.add(file);
  return files;
}

/** Returns the declarations of a file's exports, there or in modules of `export *`. */
export function exportsOf(file: string, sources: ProgramSources): Map<string, ExportPlace> {
  const places = new Map<string, ExportPlace>();
  const { program, checker } = sources.project;
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  for (const symbol of module ? checker.getExportsOfModule(module) : []) {
    const declaration = symbol.declarations[0]?.resolve();
    if (declaration) places.set(symbol.name, placeOf(declaration, sources) ?? { path: sources.pathOf(file)!, ...top });
  }
  return places;
}

const top = { start: 0, end: 0 };

/** Returns `undefined` outside the user's files. */
function placeOf(declaration: Node, sources: ProgramSources): ExportPlace | undefined {
  const { fileName } = declaration.getSourceFile();
  const path = sources.pathOf(fileName);
  if (path === undefined) return undefined;
  const shift = shiftOf(fileName, sources);
  const { name = declaration } = declaration as { readonly name?: Node };
  return { path, start: name.getStart() + shift, end: name.getEnd() + shift };
}
