import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { slashed } from "./paths.js";

/** Of the options of the user's tsconfig.json, as TypeScript reads them, those that are not simply inherited. */
export interface UserOptions {
  readonly baseUrl?: string;
  readonly paths?: Readonly<Record<string, readonly string[]>>;
}

/** They stand in the project's folder, for TypeScript alone. */
export const configFile = ".mcpc.tsconfig.json";
const defaultsFile = ".mcpc.defaults.json";

export function isConfigText(file: string): boolean {
  return file.endsWith(`/${configFile}`) || file.endsWith(`/${defaultsFile}`);
}

/**
 * The texts of the configuration with which `files`, relative to the project, are checked, by name: the user's own
 * options where there is a tsconfig.json, strict ones where there is none.
 */
export function configTexts(
  root: string,
  files: readonly string[],
  own: UserOptions | undefined,
): ReadonlyMap<string, string> {
  const defaults = {
    strict: true,
    target: "ES2022",
    resolveJsonModule: true,
    jsx: "preserve",
    noUncheckedIndexedAccess: true,
    types: nodeTypes(root),
  };
  const always = {
    noEmit: true,
    skipLibCheck: true,
    composite: false,
    incremental: false,
    declaration: false,
    isolatedDeclarations: false,
    rootDir: null,
    outDir: null,
    // What is checked is bundled: files are modules whatever a package.json says.
    module: "ESNext",
    moduleResolution: "Bundler",
    ...basePaths(own),
  };
  const bases = [`./${defaultsFile}`, ...(own ? ["./tsconfig.json"] : [])];
  return new Map([
    [defaultsFile, JSON.stringify({ compilerOptions: defaults })],
    [configFile, JSON.stringify({ extends: bases, compilerOptions: always, files, include: [] })],
  ]);
}

/** Node's types where the project has them; a project without them still checks. */
function nodeTypes(root: string): string[] {
  for (let folder = root; ; folder = dirname(folder)) {
    if (fs.existsSync(join(folder, "node_modules", "@types", "node"))) return ["node"];
    if (dirname(folder) === folder) return [];
  }
}

/** TypeScript 7 has no `baseUrl` any more: `paths` say the same. */
function basePaths({ baseUrl, paths = {} }: UserOptions = {}): Pick<UserOptions, "paths"> {
  if (baseUrl === undefined) return {};
  const from = (place: string): string => slashed(resolve(baseUrl, place));
  const absolute = Object.entries(paths).map(([name, places]) => [name, places.map(from)] as const);
  return { paths: { "*": [from("*")], ...Object.fromEntries(absolute) } };
}
