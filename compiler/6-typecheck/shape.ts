import type { ts as TS } from "ts-morph";
import { hashOf } from "./hash.js";

/** The literals by which a file names modules, as TypeScript collects them. */
type WithImports = TS.SourceFile & {
  readonly imports?: readonly TS.StringLiteralLike[];
  readonly moduleAugmentations?: readonly unknown[];
  readonly ambientModuleNames?: readonly string[];
};

/** Whether what a file declares, or refers to, is seen by files that do not import it. */
export function isSeenEverywhere(ts: typeof TS, source: TS.SourceFile): boolean {
  const { moduleAugmentations = [], ambientModuleNames = [] } = source as WithImports;
  const { referencedFiles, typeReferenceDirectives, libReferenceDirectives } = source;
  const beside = [
    moduleAugmentations,
    ambientModuleNames,
    referencedFiles,
    typeReferenceDirectives,
    libReferenceDirectives,
  ];
  if (beside.some((list) => list.length > 0)) return true;
  return !ts.isExternalModule(source) && !source.fileName.endsWith(".json");
}

/** The names that a file imports from modules whose name satisfies `isTypes`; `*` where it could be any. */
export function importedNames(ts: typeof TS, source: TS.SourceFile, isTypes: (name: string) => boolean): string[] {
  const names = new Set<string>();
  for (const literal of (source as WithImports).imports ?? []) {
    if (!isTypes(literal.text)) continue;
    const statement = source.statements.find(
      (candidate): candidate is TS.ImportDeclaration =>
        ts.isImportDeclaration(candidate) && candidate.moduleSpecifier === literal,
    );
    const clause = statement?.importClause;
    const bindings = clause?.namedBindings;
    if (!statement || clause?.name || (bindings && ts.isNamespaceImport(bindings))) names.add("*");
    else if (bindings) for (const { name, propertyName } of bindings.elements) names.add((propertyName ?? name).text);
  }
  return [...names];
}

type EmitDeclarations = (
  source: TS.SourceFile,
  write: (path: string, text: string) => void,
  cancellation: undefined,
  onlyDeclarations: true,
  transformers: undefined,
  force: true,
) => TS.EmitResult;

/** Stands for the types of what a module exports: whoever imports it sees no more. Absent where they cannot be written down. */
export function shapeOf(ts: typeof TS, program: TS.Program, source: TS.SourceFile): string | undefined {
  if (source.isDeclarationFile || !/\.[cm]?tsx?$/.test(source.fileName) || isSeenEverywhere(ts, source))
    return undefined;
  let declared: string | undefined;
  const emit = program.emit as unknown as EmitDeclarations;
  const { diagnostics } = emit(source, (_path, text) => (declared = text), undefined, true, undefined, true);
  return declared === undefined || diagnostics.length > 0 ? undefined : hashOf(declared);
}
