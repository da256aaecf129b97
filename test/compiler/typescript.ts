import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ts } from "ts-morph";

export interface TypeScriptError {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "test", "virtual");

/** What the compiler says of modules that exist only in memory, checked together, strictly. */
export function diagnosticsOf(modules: Readonly<Record<string, string>>): TypeScriptError[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const texts = new Map(Object.entries(modules).map(([path, text]) => [join(folder, path), text]));
  const libraries = join(dirname(createRequire(import.meta.url).resolve("typescript")), "lib.d.ts");
  const base = ts.createCompilerHost(options, true);
  const host: ts.CompilerHost = {
    ...base,
    getDefaultLibLocation: () => dirname(libraries),
    getDefaultLibFileName: (given) => join(dirname(libraries), ts.getDefaultLibFileName(given)),
    fileExists: (path) => texts.has(path) || base.fileExists(path),
    readFile: (path) => texts.get(path) ?? base.readFile(path),
    directoryExists: (path) =>
      folder.startsWith(path) ||
      [...texts.keys()].some((file) => file.startsWith(`${path}/`)) ||
      base.directoryExists!(path),
    getSourceFile: (path, target) => {
      const text = texts.get(path) ?? base.readFile(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, target, true);
    },
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((found) => ({
      file: path.slice(folder.length + 1),
      line: source.getLineAndCharacterOfPosition(found.start ?? 0).line + 1,
      message: ts.flattenDiagnosticMessageText(found.messageText, " / "),
    }));
  });
}
