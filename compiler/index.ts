/** The compiler as a library: run it over a project, get diagnostics as values. */
export { defineManifest } from "./define-manifest.js";
export type { Manifest } from "./model/manifest.js";
export { compile, phases } from "./compile.js";
export type { Compilation, Options, Phase } from "./compile.js";
export { nodeHost } from "./host-node/index.js";
export { HostError } from "./host.js";
export type { Change, Host } from "./host.js";
export type { Diagnostic } from "./diagnostics/diagnostic.js";
export type { Code } from "./diagnostics/catalogue.js";
export type { Span } from "./model/source.js";
