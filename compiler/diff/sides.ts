import { basename, dirname, relative, resolve, sep } from "node:path";
import { prefix } from "../command.js";
import { compileManifests } from "../compile-manifests.js";
import { hasErrors } from "../diagnostics/diagnostic.js";
import { formatPretty } from "../diagnostics/render.js";
import type { Host } from "../host.js";
import { isFolder, readIfPresent } from "../host-node/files.js";
import { gitHost } from "../host-node/git.js";
import { nodeHost } from "../host-node/index.js";
import { fileSide } from "./lists-side.js";
import { projectSide } from "./project-side.js";
import { converseWith, isServer, serverSide } from "./server-side.js";
import { NoSide, type Side, type SideOptions } from "./surface.js";

/**
 * Returns a side by its name: a folder, a file, `git:REV`, `stdio:COMMAND` or a URL. Throws `NoSide` or `HostError`.
 */
export async function sideOf(named: string, options: SideOptions): Promise<Side> {
  const { cwd } = options;
  if (named.startsWith("git:")) {
    const disk = nodeHost(options.folder, cwd);
    return sideOfProject(gitHost(disk.root, named.slice("git:".length), disk.manifestSchema), named, options);
  }
  if (isServer(named)) return converseWith(named, options, serverSide);
  const path = resolve(cwd, named);
  if (isFolder(path)) return sideOfProject(nodeHost(named, cwd), named, options);
  const bytes = readIfPresent(path);
  if (!bytes) throw new NoSide(`there is no file or folder ${JSON.stringify(named)}`);
  const shown = relative(cwd, path).split(sep).join("/") || basename(path);
  return fileSide(shown, bytes, (file) => versionIn(readIfPresent(resolve(dirname(path), file))));
}

/** Whether a name is the path of a project's folder. */
export function isProject(named: string, cwd: string): boolean {
  return !named.startsWith("git:") && !isServer(named) && isFolder(resolve(cwd, named));
}

function sideOfProject(host: Host, named: string, { cwd, color }: SideOptions): Side {
  const { value, diagnostics } = compileManifests(host);
  const shown = prefix(host, cwd);
  if (value) return projectSide(value, host, shown);
  const textOf = (path: string): string | undefined => {
    const bytes = host.read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const errors = diagnostics.filter((each) => hasErrors([each]));
  const report = formatPretty({ diagnostics: errors, textOf, prefix: shown }, { color });
  throw new NoSide(`the manifests of ${JSON.stringify(named)} have mistakes, so there is nothing to compare`, report);
}

function versionIn(bytes: Uint8Array | undefined): string | undefined {
  try {
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
