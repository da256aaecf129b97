import { join, relative } from "node:path";
import type { Declared } from "./declared.js";

/** What one check leaves to the next: that all of it was found without an error, but for what it says. */
export interface Memory {
  /** TypeScript, its options, what is installed: with another one nothing holds. */
  readonly environment: string;
  readonly files: Readonly<Record<string, KnownFile>>;
  /** Keys of the bindings that were found to fit. */
  readonly bindings: readonly string[];
  readonly declared: Declared;
}

/** A file of the program, by its absolute path. */
export interface KnownFile {
  readonly version: string;
  /** What the modules that it names led to. */
  readonly imports: Readonly<Record<string, string | null>>;
  /** Of `generated/types.ts`: the names that it imports; `*` for any. */
  readonly names: readonly string[];
  /** Stands for the types of what it exports; absent where that is not told apart from its text. */
  readonly shape?: string;
  /** Checked, and without an error. */
  readonly clean: boolean;
  /** What it declares, or refers to, is seen by files that do not import it. */
  readonly everywhere: boolean;
  /** In the program without being imported. */
  readonly given: boolean;
}

/** Text in which paths are relative to the project, wherever that stands. */
export function printMemory(memory: Memory, root: string): string {
  return JSON.stringify(withPaths(memory, (file) => relative(root, file)));
}

/** Text that is damaged, or of another version, is none. */
export function parseMemory(text: string | undefined, root: string): Memory | undefined {
  try {
    return text === undefined ? undefined : withPaths(JSON.parse(text) as Memory, (file) => join(root, file));
  } catch {
    return undefined;
  }
}

function withPaths(memory: Memory, path: (file: string) => string): Memory {
  const files = Object.entries(memory.files).map(([file, known]) => {
    const imports = Object.entries(known.imports).map(([key, to]) => [key, to === null ? null : path(to)]);
    return [path(file), { ...known, imports: Object.fromEntries(imports) as KnownFile["imports"] }] as const;
  });
  return { ...memory, files: Object.fromEntries(files) };
}

/** The files that import each file. */
export function importersOf(files: Readonly<Record<string, KnownFile>>): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const [path, { imports }] of Object.entries(files)) {
    for (const target of Object.values(imports)) {
      if (target === null) continue;
      const known = importers.get(target);
      if (known) known.push(path);
      else importers.set(target, [path]);
    }
  }
  return importers;
}

/** All that is reached from some files by imports, themselves included. */
export function reachedFrom(roots: Iterable<string>, files: Readonly<Record<string, KnownFile>>): ReadonlySet<string> {
  const reached = new Set(roots);
  for (const path of reached) {
    for (const target of Object.values(files[path]?.imports ?? {})) if (target !== null) reached.add(target);
  }
  return reached;
}
