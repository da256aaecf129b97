import { dirname } from "node:path/posix";
import { diagnose, type Result } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import { applyReplacements } from "../model/output.js";
import type { Server } from "../model/server.js";
import { importPath } from "./code.js";
import { annotation, boundNames, exportedNames, parseModule, respelled, type ParsedModule } from "./module-names.js";
import { orphans } from "./orphans.js";
import { isStubFile, nameOf, stubsOf } from "./stubs.js";

/** A renamed entry: its old and new name, in the form of handler file names. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** A handler file that moves to another path, with its new text. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/**
 * Renames the handler of a renamed entry: its file, its export, its types. Only an unmodified stub may be replaced.
 * `texts` are the contents of all files in the handlers' folders.
 */
export function renamed(server: Server, { from, to }: Rename, texts: ReadonlyMap<string, string>): Result<Move> {
  const refuse = (reason: string, suggestion?: string): Result<Move> => ({
    diagnostics: [diagnose("handler/not-renamed", undefined, { from, to, reason, suggestion })],
  });
  const left = orphans(server, texts, () => undefined).filter(({ isStub }) => !isStub);
  const old = left.filter(({ path }) => nameOf(path) === from);
  if (old.length === 0) {
    const names = left.map(({ path }) => nameOf(path));
    return refuse(`no file called ${JSON.stringify(from)} has lost its entry`, nearest(from, names) ?? names[0]);
  }
  const stubs = stubsOf(server);
  const heirs = stubs.filter(({ handler, name }) => nameOf(handler.file) === to || name === to);
  const pair = old
    .flatMap(({ path }) => heirs.map(({ handler }) => ({ path, handler })))
    .find(({ path, handler }) => dirname(path) === dirname(handler.file));
  if (!pair) {
    const names = stubs.map(({ handler }) => nameOf(handler.file));
    return refuse(`no entry called ${JSON.stringify(to)} has its handler in that folder`, nearest(to, names));
  }
  const { path, handler } = pair;
  const present = texts.get(handler.file);
  if (present !== undefined && !isStubFile(present))
    return refuse(`${JSON.stringify(handler.file)} is written already`);
  const text = texts.get(path)!;
  const module = parseModule(path, text);
  if (module.error) return refuse(`${JSON.stringify(path)} does not parse: ${module.error.message}`);
  const name = handlerExport(module, from);
  if (name === undefined) return refuse(`${JSON.stringify(path)} does not export one handler`);
  const words = new Map([[name, handler.export as string]]);
  const types = importPath(path, `${server.layout.generated}/types.ts`);
  const bound = boundNames(module);
  const type = annotation(module, name);
  for (const [imported, source] of bound)
    if (type !== undefined && source === types && imported.startsWith(type))
      words.set(imported, handler.type + imported.slice(type.length));
  const taken = [...words].find(([before, after]) => before !== after && bound.has(after));
  if (taken) return refuse(`${JSON.stringify(path)} uses the name ${JSON.stringify(taken[1])} otherwise`);
  const moved = applyReplacements(text, respelled(module, words));
  return { value: { from: path, to: handler.file, text: moved }, diagnostics: [] };
}

/** Returns the only export, or the export with the name of the file. */
function handlerExport(module: ParsedModule, file: string): string | undefined {
  const exported = exportedNames(module);
  if (exported === "anything") return undefined;
  const bare = (word: string): string => word.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
  const values = [...exported.keys()];
  return values.length === 1 ? values[0] : values.find((name) => bare(name) === bare(file));
}
