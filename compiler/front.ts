import { read } from "./1-read/index.js";
import { check } from "./2-check/index.js";
import { lower } from "./3-lower/index.js";
import { emitGenerated, validatorsMadeOf } from "./4-emit/generated.js";
import { isSplit, listingFiles } from "./7-bundle/listing-files.js";
import { hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import type { Once } from "./incremental/again.js";
import type { Made } from "./incremental/ever.js";
import type { Again, Lasting } from "./model/again.js";
import type { OutputFile } from "./model/output.js";
import type { Server } from "./model/server.js";

/** What manifests come to, whatever the handlers say. */
export interface Front {
  readonly server: Server;
  /** Generated code but for validators, and the lock file. */
  readonly generated: readonly FrontFile[];
  /** By module: what its text depends on. */
  readonly validators: ReadonlyMap<string, string>;
  /** Of a large server. */
  readonly listings?: { readonly files: readonly FrontFile[]; readonly exports: string };
}

/** A file whose text is apart. */
type FrontFile = Pick<OutputFile, "path" | "owner">;

export interface FrontOptions {
  readonly again?: Again | undefined;
  readonly once?: Once | undefined;
  readonly lasting?: Lasting | undefined;
  /** Told of each phase as it starts. */
  readonly entering: (phase: "read" | "check" | "lower" | "emit") => void;
}

/** The phases from the manifests to generated code, and the texts of its files. */
export function front(host: Host, options: FrontOptions): Made<Result<Front>> {
  const { entering } = options;
  const again: Again = options.again ?? ((_kind, _key, make) => make());
  const lasting: Lasting = options.lasting ?? ((_kind, _key, make) => make());
  const once: Once = options.once ?? ((_name, _input, act) => act(host));
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const failed = { output: { diagnostics }, texts: new Map<string, string>() };
  entering("read");
  const sources = take(once("read", [], (asked) => read(asked, options.again)));
  if (!sources) return failed;
  entering("check");
  const project = take(once("check", [sources], (asked) => check(sources, asked, again, lasting)));
  if (!project) return failed;
  entering("lower");
  const server = take(once("lower", [project], () => lower(project, again)));
  if (!server) return failed;
  entering("emit");
  const generated = once("emit", [server], () => emitGenerated(server, again, lasting));
  const listings = isSplit(server) ? again("listing files", server, () => listingFiles(server)) : undefined;
  const apart = ({ path, owner }: OutputFile): FrontFile => ({ path, owner });
  const value: Front = {
    server,
    generated: generated.map(apart),
    validators: validatorsMadeOf(server, again),
    ...(listings && { listings: { files: listings.files.map(apart), exports: listings.exports } }),
  };
  const texts = [...generated, ...(listings?.files ?? [])].map(
    ({ path, content }) => [path, content as string] as const,
  );
  return { output: { value, diagnostics }, texts: new Map(texts) };
}
