import { read } from "./1-read/index.js";
import { check } from "./2-check/index.js";
import { lower } from "./3-lower/index.js";
import { emitGenerated } from "./4-emit/index.js";
import { isSplit, listingFiles, type ListingFiles } from "./7-bundle/listing-files.js";
import { hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import type { Once } from "./incremental/again.js";
import type { Again } from "./model/again.js";
import type { OutputFile } from "./model/output.js";
import type { Server } from "./model/server.js";

/** What manifests come to, whatever the handlers say. */
export interface Front {
  readonly server: Server;
  /** Generated code but for validators, and the lock file. */
  readonly generated: readonly OutputFile[];
  /** Of a large server. */
  readonly listings?: ListingFiles;
}

export interface FrontOptions {
  readonly again?: Again | undefined;
  readonly once?: Once | undefined;
  /** Told of each phase as it starts. */
  readonly entering: (phase: "read" | "check" | "lower" | "emit") => void;
}

/** The phases from the manifests to generated code. */
export function front(host: Host, options: FrontOptions): Result<Front> {
  const { entering } = options;
  const again: Again = options.again ?? ((_kind, _key, make) => make());
  const once: Once = options.once ?? ((_name, _input, act) => act(host));
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  entering("read");
  const sources = take(once("read", [], (asked) => read(asked, options.again)));
  if (!sources) return { diagnostics };
  entering("check");
  const project = take(once("check", [sources], (asked) => check(sources, asked, again)));
  if (!project) return { diagnostics };
  entering("lower");
  const server = take(once("lower", [project], () => lower(project, again)));
  if (!server) return { diagnostics };
  entering("emit");
  const generated = once("emit", [server], () => emitGenerated(server, again));
  const listings = isSplit(server) ? again("listing files", server, () => listingFiles(server)) : undefined;
  return { value: { server, generated, ...(listings && { listings }) }, diagnostics };
}
