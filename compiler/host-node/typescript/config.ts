import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { slashed } from "./paths.js";
import type { UserOptions, UserProject } from "./user-project.js";

/** Names of virtual files in the project's folder, which only TypeScript sees. */
export const configFile = ".mcpc.tsconfig.json";
const defaultsFile = ".mcpc.defaults.json";

export function isConfigText(file: string): boolean {
  return file.endsWith(`/${configFile}`) || file.endsWith(`/${defaultsFile}`);
}

/**
 * Returns the configuration for the check of `files`, by file name: the options of the user's project, or else strict
 * ones.
 */
export function configTexts(
  root: string,
  files: readonly string[],
  own: UserProject | undefined,
): ReadonlyMap<string, string> {
  const defaults = {
    strict: true,
    target: "ES2022",
    resolveJsonModule: true,
    jsx: "react-jsx",
    noUncheckedIndexedAccess: true,
    types: own && hasAutomaticTypes(root) ? ["*"] : nodeTypes(root),
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
    // Checked files are bundled, so they are modules regardless of package.json.
    module: "ESNext",
    moduleResolution: "Bundler",
    ...basePaths(own?.options),
  };
  const bases = [`./${defaultsFile}`, ...(own ? [own.config] : [])];
  return new Map([
    [defaultsFile, JSON.stringify({ compilerOptions: defaults })],
    [configFile, JSON.stringify({ extends: bases, compilerOptions: always, files, include: [] })],
  ]);
}

/** Returns whether the user's TypeScript includes all of `@types` by default, as versions before 6 do. */
function hasAutomaticTypes(root: string): boolean {
  for (let folder = root; ; folder = dirname(folder)) {
    const manifest = join(folder, "node_modules", "typescript", "package.json");
    if (fs.existsSync(manifest)) return /"version":\s*"[1-5]\./.test(fs.readFileSync(manifest, "utf8"));
    if (dirname(folder) === folder) return false;
  }
}

/** Returns Node's types if the project has them. Without them the check still works. */
function nodeTypes(root: string): string[] {
  for (let folder = root; ; folder = dirname(folder)) {
    if (fs.existsSync(join(folder, "node_modules", "@types", "node"))) return ["node"];
    if (dirname(folder) === folder) return [];
  }
}

/** Converts `baseUrl`, which TypeScript 7 lacks, to `paths`. */
function basePaths({ baseUrl, paths = {} }: UserOptions = {}): Pick<UserOptions, "paths"> {
  if (baseUrl === undefined) return {};
  const from = (place: string): string => slashed(resolve(baseUrl, place));
  const absolute = Object.entries(paths).map(([name, places]) => [name, places.map(from)] as const);
  return { paths: { "*": [from("*")], ...Object.fromEntries(absolute) } };
}
