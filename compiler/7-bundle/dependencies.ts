import { dirname, join } from "node:path";
import type { Host } from "../host.js";

type Manifest = Readonly<Record<string, unknown>>;

/**
 * Lists the dependencies of the `package.json` beside the bundle, from which npm installs external packages at their
 * current versions. Packages that npm cannot install by name are omitted.
 */
export function dependencies(packages: readonly string[], host: Host): Readonly<Record<string, string>> {
  const own = manifestAt(join(host.root, "package.json"), host);
  const declared = ["devDependencies", "optionalDependencies", "dependencies"].reduce(
    (all, kind) => ({ ...all, ...(own?.[kind] as object | undefined) }),
    {} as Manifest,
  );
  const found = packages.toSorted().flatMap((name) => {
    const version = versionOf(name, text(declared[name]), host);
    return version === undefined ? [] : [[name, version] as const];
  });
  return Object.fromEntries(found);
}

function versionOf(name: string, declared: string | undefined, host: Host): string | undefined {
  if (declared !== undefined && /^(?:file|link|portal|workspace|catalog):|^(?:~?\/|\.)/.test(declared))
    return undefined;
  // A dependency on a repository or an archive has no version.
  if (declared !== undefined && /[/:]/.test(declared) && !declared.startsWith("npm:")) return declared;
  const installed = installedManifest(name, host);
  const version = text(installed?.["version"]);
  if (version === undefined) return declared;
  if (installed?.["private"] === true) return undefined;
  const alias = text(installed?.["name"]) ?? name;
  return alias === name ? version : `npm:${alias}@${version}`;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Reads the `package.json` of a package that Node resolves from the project. */
function installedManifest(name: string, host: Host): Manifest | undefined {
  for (let folder = host.root; ; folder = dirname(folder)) {
    const manifest = manifestAt(join(folder, "node_modules", name, "package.json"), host);
    if (manifest || dirname(folder) === folder) return manifest;
  }
}

function manifestAt(path: string, host: Host): Manifest | undefined {
  const bytes = host.read(path);
  try {
    const manifest: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes));
    return typeof manifest === "object" && manifest !== null ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}
