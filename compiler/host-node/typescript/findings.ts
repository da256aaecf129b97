import { posix } from "node:path";
import type { Node } from "typescript/unstable/ast";
import type { Diagnostic, Project } from "typescript/unstable/sync";
import type { Finding, Place, Question } from "../../6-typecheck/index.js";

/** A program, and what is known of its files. */
export interface Sources {
  /** The folder of the user's files, absolute. */
  readonly root: string;
  readonly project: Project;
  /** Undefined for what is no file of the user's, nor of generated code. */
  pathOf(file: string): string | undefined;
  textOf(file: string): string;
}

/** Returns TypeScript's diagnostics of the files that have a path. */
export function findingsIn(sources: Sources): Finding[] {
  const { program } = sources.project;
  const byFile = new Map<string, Diagnostic[]>();
  for (const diagnostic of [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()]) {
    const { fileName = "" } = diagnostic;
    const known = byFile.get(fileName);
    if (known) known.push(diagnostic);
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

/** Returns the diagnostics in files that `entries`, by project path, lead to. The user checks the others. */
export function concerning(findings: readonly Finding[], entries: readonly string[], sources: Sources): Finding[] {
  const known = new Set(entries);
  if (findings.every(({ path }) => known.has(path))) return [...findings];
  const reached = reachedFrom(entries, sources);
  return findings.filter(({ path }) => reached.has(path));
}

/** The user's files that these import, and so on, by project path. */
function reachedFrom(entries: readonly string[], { root, project, pathOf }: Sources): ReadonlySet<string> {
  const { program, checker } = project;
  const reached = new Set(entries);
  // The set grows while it is gone through.
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
  const text = flattened(diagnostic).replace(/;\s+/g, "; ").replace(/\.$/, "");
  const finding = { path, code, text, start: pos + shift, length: end - pos, line, word: source.slice(pos, end) };
  const opening = diagnostic.relatedInformation?.find((related) => related.code === unclosed);
  if (opening === undefined) return finding;
  const start = opening.pos + shift;
  return { ...finding, opening: { start, end: start + 1, word: source.charAt(opening.pos) } };
}

/** TypeScript's code for the bracket that another one should match. */
const unclosed = 1007;

/** A byte order mark is no part of what TypeScript counts. */
function shiftOf(file: string, { textOf }: Sources): number {
  return textOf(file).startsWith("\uFEFF") ? 1 : 0;
}

function flattened({ text, messageChain = [] }: Diagnostic): string {
  return [text, ...messageChain.map(flattened)].join("; ");
}

/** The user's files that one of these errors may be told at. */
export function toldAt(errors: readonly Finding[], { generated, bound }: Question): Set<string> {
  const binding = errors.filter(({ path }) => path === `${generated}/server.ts`).map(({ line }) => line);
  const files = new Set(errors.map(({ path }) => path).filter((path) => !path.startsWith(`${generated}/`)));
  for (const { file, words } of bound)
    if (binding.some((line) => words.some((word) => line.includes(word)))) files.add(file);
  return files;
}

/** Returns the places where a file's exports are declared: there, or in a module that `export *` names. */
export function exportsOf(file: string, sources: Sources): Map<string, Place> {
  const places = new Map<string, Place>();
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

/** Undefined outside the user's files. */
function placeOf(declaration: Node, sources: Sources): Place | undefined {
  const { fileName } = declaration.getSourceFile();
  const path = sources.pathOf(fileName);
  if (path === undefined) return undefined;
  const shift = shiftOf(fileName, sources);
  const { name = declaration } = declaration as { readonly name?: Node };
  return { path, start: name.getStart() + shift, end: name.getEnd() + shift };
}
