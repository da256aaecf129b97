import { dirname, join } from "node:path/posix";
import type { Metafile } from "esbuild";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { nativeReason } from "./native-code.js";
import { isPackageOf } from "./node-packages.js";

/**
 * Reports code that does not work in a bundle: native code, threads that load packages by name, and relative files that
 * the build cannot trace.
 */
export function ownFiles({ inputs, outputs }: Metafile, external: readonly string[], host: Host): Diagnostic[] {
  const used = Object.keys(inputs).filter((path) =>
    Object.values(outputs).some((output) => (output.inputs[path]?.bytesInOutput ?? 0) > 0),
  );
  const packages = new Map<string, string[]>();
  const own: string[] = [];
  for (const path of used) {
    const folder = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
    if (folder === undefined && !path.startsWith("../")) own.push(path);
    else if (folder !== undefined) packages.set(folder, [...(packages.get(folder) ?? []), path]);
  }
  const needed = [...packages].flatMap(([folder, paths]) => {
    const name = /(?:@[^/]+\/)?[^/]+$/.exec(folder)![0];
    if (name === "@mcpc/runtime") return [];
    const reason = nativeReason(folder, host) ?? paths.map((path) => readsData(path, host)).find(Boolean);
    const importer = own.find((path) => inputs[path]!.imports.some((to) => to.path.startsWith(`${folder}/`)));
    const span = importer === undefined ? undefined : spanOf(importer, name, host);
    return reason === undefined ? [] : [needs(name, reason, span)];
  });
  return [...needed, ...own.flatMap((path) => [...threads(path, external, host), ...named(path, host)])];
}

function needs(name: string, reason: string, span: Diagnostic["span"]): Diagnostic {
  return { ...diagnose("bundle/external-needed", span, { name, reason }), external: name };
}

/** Returns the reason why a package's module must stay in its package: the module reads a data file of the package. */
function readsData(path: string, host: Host): string | undefined {
  const found = namedFiles(textOf(path, host)).find(
    ({ file }) => file !== undefined && !/\.[cm]?[jt]sx?$/.test(file) && isThere(join(dirname(path), file), host),
  );
  return found && `reads ${JSON.stringify(found.file)} beside its own code`;
}

/** Reports threads. Transports of pino run in threads, which load modules by name. */
function threads(path: string, external: readonly string[], host: Host): Diagnostic[] {
  const text = textOf(path, host);
  if (!/(?:\bfrom|\brequire\(|\bimport\()\s*["']pino["']/.test(text)) return [];
  if (!/\btransport\s*[:(]/.test(text)) return [];
  const targets = [...text.matchAll(/\btarget\s*:\s*["']((?:@[^/"']+\/)?[^@./"'][^/"']*)/g)].map(([, name]) => name!);
  return [...new Set(["pino", ...targets])]
    .filter((name) => !isPackageOf(external, name))
    .map((name) => {
      const reason = name === "pino" ? "starts threads from its own files" : "is loaded by a thread of pino's";
      return needs(name, reason, spanOf(path, name, host));
    });
}

/**
 * Reports files that the project's code names relative to itself in other ways than `new URL("./file",
 * import.meta.url)`.
 */
function named(path: string, host: Host): Diagnostic[] {
  return namedFiles(textOf(path, host)).map(({ file, text, start }) => {
    const span = { path, start, end: start + text.length };
    return file !== undefined && isThere(join(dirname(path), file), host)
      ? diagnose("bundle/own-file", span, { file })
      : diagnose("bundle/unknown-file", span, { file: text });
  });
}

interface NamedFile {
  /** A path relative to the code; undefined where it is not a string literal. */
  readonly file: string | undefined;
  readonly text: string;
  readonly start: number;
}

const url = String.raw`import\.meta\.url`;
const ownFile = String.raw`(?:(?:\w+\.)?fileURLToPath\(\s*${url}\s*\)|import\.meta\.filename|__filename)`;
const ownFolder = String.raw`(?:(?:\w+\.)?dirname\(\s*${ownFile}\s*\)|(?:\w+\.)?fileURLToPath\(\s*new URL\(\s*["']\.\/?["']\s*,\s*${url}\s*\)\s*\)|import\.meta\.dirname|__dirname)`;
const literal = String.raw`(?:"[^"\\\n]*"|'[^'\\\n]*')`;

/** Returns the names of variables whose values match a pattern. */
function variables(text: string, pattern: string): string[] {
  const declared = new RegExp(String.raw`\b(?:const|let|var)\s+([\w$]+)\s*=\s*${pattern}\s*[;,\n]`, "g");
  return [...text.matchAll(declared)].map(([, name]) => name!.replaceAll("$", "\\$"));
}

function namedFiles(text: string): NamedFile[] {
  if (!/__dirname|__filename|import\.meta/.test(text)) return [];
  const file = [ownFile, ...variables(text, ownFile)].join("|");
  const place = [ownFolder, ...variables(text, String.raw`(?:${ownFolder}|(?:\w+\.)?dirname\((?:${file})\))`)].join(
    "|",
  );
  const creator = String.raw`createRequire\(\s*(?:${url}|${file})\s*\)`;
  const requires = [creator, ...variables(text, creator)].join("|");
  const at = String.raw`(?<![\w$."'])(?:${place})`;
  const found: NamedFile[] = [];
  const find = (pattern: string, fileOf: (name: string) => string | undefined): void => {
    for (const { 1: name = "", 0: whole, index } of text.matchAll(new RegExp(pattern, "g"))) {
      const line = text.slice(text.lastIndexOf("\n", index) + 1, index);
      if (/^\s*(?:\/\/|\/?\*)/.test(line)) continue;
      found.push({ file: fileOf(name), text: name.trim(), start: index + whole.indexOf(name.trim(), 1) });
    }
  };
  const quoted = (name: string): string | undefined =>
    new RegExp(`^\\s*${literal}(?:\\s*,\\s*${literal})*\\s*,?\\s*$`).test(name)
      ? [...name.matchAll(new RegExp(literal, "g"))].map(([part]) => part.slice(1, -1)).join("/")
      : undefined;
  find(String.raw`\b(?:join|resolve)\(\s*${at}\s*,([^()]*)\)`, quoted);
  find(String.raw`${at}\s*\+\s*(${literal})`, quoted);
  find(`\`\\$\\{(?:${place})\\}([^\`$]*)\``, (name) => name);
  find(String.raw`(?<![\w$.])(?:${requires})\(\s*(["']\.[^"'\\\n]*["'])\s*\)`, quoted);
  return found;
}

function spanOf(path: string, name: string, host: Host): Diagnostic["span"] {
  const text = textOf(path, host);
  const index = text.search(new RegExp(`["']${name.replaceAll(".", "\\.")}(?:/[^"']*)?["']`));
  return { path, start: Math.max(0, index), end: Math.max(0, index) + name.length + 2 };
}

function isThere(path: string, host: Host): boolean {
  try {
    return host.read(path) !== undefined || host.find([`${path}/**/*`], []).length > 0;
  } catch {
    return true;
  }
}

function textOf(path: string, host: Host): string {
  const bytes = host.read(path);
  return bytes ? new TextDecoder().decode(bytes) : "";
}
