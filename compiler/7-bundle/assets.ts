import { createHash } from "node:crypto";
import { basename, dirname, extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { hashOf, type Host } from "../host.js";
import { applyReplacements, type Artifact } from "../model/output.js";

/** A file that code names relative to itself. */
interface Asset {
  /** Relative to the project. */
  readonly source: string;
  /** Relative to the folder of the bundle. */
  readonly name: string;
  /** Whether the file is code, which must be bundled itself. */
  readonly isScript: boolean;
}

export interface Assets {
  readonly plugin: Plugin;
  readonly found: ReadonlyMap<string, Asset>;
  /** Warnings about missing files, by the place that names them. */
  readonly diagnostics: ReadonlyMap<string, Diagnostic>;
}

/**
 * Finds the files that code names as `new URL("./file", import.meta.url)`, and replaces the URL by that of `urlOf`. A
 * file that is missing beside the code counts as a file beside the bundle, the location of `import.meta.url`.
 */
export function assets(host: Host, dist: string, urlOf: (asset: Asset) => string = ({ name }) => `./${name}`): Assets {
  const found = new Map<string, Asset>();
  const diagnostics = new Map<string, Diagnostic>();
  const rewritten = (path: string, text: string): string => {
    const replacements = [...text.matchAll(urlOfFile)].flatMap(({ 0: whole, 1: argument = "", index }) => {
      const start = index + whole.indexOf(argument);
      const end = start + argument.length;
      const literal = /^(["'`])([^"'`\\$?#\n]+)\1$/.exec(argument)?.[2];
      if (literal !== undefined && /^(?:[a-z][a-z\d+.-]+:|\/)/i.test(literal)) return [];
      const source = literal === undefined ? undefined : fileBeside(path, literal, host);
      if (source !== undefined) {
        const asset = assetOf(source);
        found.set(source, asset);
        return [{ start, end, text: JSON.stringify(urlOf(asset)) }];
      }
      // Paths such as "." name the code's folder, not a file.
      const isPlace = literal !== undefined && /(?:^|\/)\.{0,2}$/.test(literal);
      const isBeside = literal !== undefined && exists(join(dist, literal), host);
      if (!isPlace && !isBeside)
        diagnostics.set(`${path} ${start}`, diagnose("bundle/unknown-file", { path, start, end }, { file: argument }));
      return [];
    });
    return applyReplacements(text, replacements);
  };
  return {
    found,
    diagnostics,
    plugin: {
      name: "assets",
      setup(build) {
        build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, ({ path }) => {
          const file = relative(host.root, path).replaceAll("\\", "/");
          const bytes = host.read(file);
          if (!bytes || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes("import.meta.url"))
            return undefined;
          const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
          const contents = rewritten(file, text);
          const loader = (/[jt]sx?$/.exec(path)?.[0] ?? "js") as "js";
          return contents === text ? undefined : { contents, loader, resolveDir: dirname(path) };
        });
      },
    },
  };
}

const urlOfFile = /\bnew\s+URL\(\s*([^\s,()][^,()\n]*?)\s*,\s*import\.meta\.url\s*,?\s*\)/g;

function assetOf(source: string): Asset {
  const extension = extname(source);
  const isScript = /^\.[cm]?[jt]sx?$/.test(extension);
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 8);
  const name = `${basename(source, extension)}-${hash}`;
  return { source, isScript, name: isScript ? `${name}.js` : `assets/${name}${extension}` };
}

/** Resolves a named file to one of the project, or of the package that names it. */
function fileBeside(path: string, literal: string, host: Host): string | undefined {
  const file = join(dirname(path), decodeURI(literal)).replaceAll("\\", "/");
  const own = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(path)?.[0];
  if (own === undefined ? !host.contains(file) : !file.startsWith(own)) return undefined;
  const candidates = [file, file.replace(/\.([cm]?)js$/, ".$1ts"), file.replace(/\.js$/, ".tsx")];
  return candidates.find((candidate) => exists(candidate, host));
}

function exists(path: string, host: Host): boolean {
  try {
    return host.read(path) !== undefined;
  } catch {
    // The path is a folder.
    return false;
  }
}

/** Returns artifacts for the files that are not code, copied beside the bundle. */
export function copies({ found }: Assets, dist: string, host: Host): Artifact[] {
  return [...found.values()]
    .filter(({ isScript }) => !isScript)
    .map(({ source, name }) => {
      const bytes = host.read(source)!;
      return { path: `${dist}/${name}`, owner: "artifact", inputs: hashOf(bytes)!, content: () => bytes };
    });
}

/** Resolves assets for code that runs beside a bundle: code as bundled, other files at their original paths. */
export function assetsInPlace(host: Host, dist: string): Plugin {
  return assets(host, dist, ({ source, name, isScript }) =>
    String(pathToFileURL(join(host.root, isScript ? join(dist, name) : source))),
  ).plugin;
}
