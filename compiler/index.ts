/** The compiler as a library: run it over a project, get diagnostics as values. */
import { compile as compileIn, type Compilation, type Options } from "./compile.js";
import type { Host } from "./host.js";
import { freshSession } from "./session.js";

export { defineManifest } from "./define-manifest.js";
export type { Manifest } from "./model/manifest.js";
export { phases } from "./compile.js";
export type { Compilation, Options, Phase } from "./compile.js";
export { nodeHost } from "./host-node/index.js";
export { HostError } from "./host.js";
export type { Change, Host } from "./host.js";
export type { Diagnostic } from "./diagnostics/diagnostic.js";
export type { Code } from "./diagnostics/catalogue.js";
export type { Span } from "./model/source.js";

/**
 * One run of the compiler over one project, without caches. A mistake in the manifests writes nothing. Throws `HostError`
 * when the machine refuses; any other exception is a bug.
 */
export function compile(host: Host, options: Options): Promise<Compilation> {
  return compileIn(freshSession(host), options);
}
