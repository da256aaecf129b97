import { basename, dirname, relative, resolve, sep } from "node:path";
import { parse } from "../1-read/parse.js";
import { prefix } from "../command.js";
import { compileManifests } from "../compile-manifests.js";
import { hasErrors } from "../diagnostics/diagnostic.js";
import { formatPretty } from "../diagnostics/render.js";
import type { Host } from "../host.js";
import { isFolder, readIfPresent } from "../host-node/files.js";
import { gitHost, repositoryOf } from "../host-node/git.js";
import { nodeHost } from "../host-node/index.js";
import { child } from "../json-schema/pointer.js";
import type { Json } from "../model/source.js";
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
    const past = gitHost(disk.root, named.slice("git:".length), disk.manifestSchema);
    if (past.find(["**/*.mcp.json"], noManifests).length > 0) return sideOfProject(past, named, options);
    return absentSide(disk, named);
  }
  if (isServer(named))
    return converseWith(named, options, (conversation) => serverSide(conversation, options.onOmitted));
  const path = resolve(cwd, named);
  if (isFolder(path)) return sideOfProject(nodeHost(named, cwd), named, options);
  const bytes = readIfPresent(path);
  if (!bytes) throw new NoSide(`there is no file or folder ${JSON.stringify(named)}`);
  const shown = relative(cwd, path).split(sep).join("/") || basename(path);
  const versionOf = (file: string): string | undefined => versionIn(readIfPresent(resolve(dirname(path), file)));
  return fileSide(shown, bytes, versionOf, options.onOmitted);
}

/** Whether a side is named by a path. */
export function isFile(named: string): boolean {
  return !named.startsWith("git:") && !isServer(named);
}

/** Whether a name is the path of a project's folder. */
export function isProject(named: string, cwd: string): boolean {
  return isFile(named) && isFolder(resolve(cwd, named));
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

/** Folders without manifests of a project. */
const noManifests = ["**/node_modules/**", "**/dist/**", "**/generated/**", "**/.*/**"];

/**
 * Returns the side of a project that is not at a revision. Throws `NoSide` for a project that was in another folder
 * then: all its entries would look new.
 */
function absentSide(disk: Host, named: string): Side {
  const revision = named.slice("git:".length);
  const top = repositoryOf(disk.root, revision);
  const serversIn = (host: Host): { readonly name: Json; readonly path: string }[] =>
    host.find(["**/*.mcp.json"], noManifests).flatMap((path) => {
      const root = parse(path, host.read(path)!).file?.root;
      const server = root && child(root, "server");
      const name = server && child(server, "name");
      return name ? [{ name: name.value as Json, path }] : [];
    });
  const [server] = serversIn(disk);
  if (!server) throw new NoSide(`there is no manifest with a server in ${JSON.stringify(basename(disk.root))}`);
  const before = serversIn(gitHost(top, revision, disk.manifestSchema)).find(({ name }) => name === server.name);
  const folder = relative(top, disk.root).split(sep).join("/");
  if (before)
    throw new NoSide(
      `${named} has no project in ${JSON.stringify(folder)}; the server ${JSON.stringify(server.name)} was in ${JSON.stringify(before.path)}: check that revision out, and name its folder as the old side`,
    );
  return {
    surface: { name: "", details: {}, entries: [], isAbsent: true },
    prefix: "",
    textOf: () => undefined,
    spanOf: () => undefined,
  };
}

function versionIn(bytes: Uint8Array | undefined): string | undefined {
  try {
    const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}
