import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { isPackageOf } from "./node-packages.js";

/** Modules of a bundle by path, with the imports of each. */
type Inputs = Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>;

/**
 * Warns of external packages that no code in the bundle imports. A package whose name the project's code has in quotes
 * may be loaded by another package, such as a transport or a driver.
 */
export function unusedExternals(inputs: readonly Inputs[], external: readonly string[], host: Host): Diagnostic[] {
  if (external.length === 0) return [];
  const all = inputs.flatMap((each) => Object.entries(each));
  // Required modules have a namespace of their own in the bundle.
  const imported = all.flatMap(([, { imports }]) => imports.map(({ path }) => path.replace(/^required:/, "")));
  const unused = external.filter((name) => !imported.some((path) => isPackageOf([name], path)));
  if (unused.length === 0) return [];
  const own = all.flatMap(([path]) => (/node_modules\/|^\.\.\/|:/.test(path) ? [] : [host.read(path)]));
  const texts = own.map((bytes) => (bytes ? new TextDecoder().decode(bytes) : ""));
  const quotes = ['"', "'", "`"];
  const names = (text: string, name: string): boolean =>
    quotes.some((quote) => text.includes(quote + name + quote) || text.includes(`${quote}${name}/`));
  return unused
    .filter((name) => !texts.some((text) => names(text, name)))
    .map((name) => ({ ...diagnose("bundle/unused-external", undefined, { name }), external: name }));
}
