import { read } from "../1-read/index.js";
import { sections, type Section, type Written } from "../1-read/edited.js";
import { check } from "../2-check/index.js";
import { lower } from "../3-lower/index.js";
import { declaredTypes, emitCode, emitData, emitLock, validatorsMadeOf } from "../4-emit/generated.js";
import { isSplit, listingFiles } from "../7-bundle/listing-files.js";
import { hasErrors, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import type { Host } from "../host.js";
import { againOf, type Once } from "../incremental/again.js";
import type { Before, Made } from "../incremental/ever.js";
import type { Again, Lasting } from "../model/again.js";
import type { OutputFile } from "../model/output.js";
import type { Project } from "../model/project.js";
import type { Server } from "../model/server.js";
import type { Sources, Span } from "../model/source.js";
import { withEdited, type Basis } from "./edited.js";

/** What manifests come to, whatever the handlers say. */
export interface Front {
  readonly server: Server;
  /** The generated code that types are checked with. */
  readonly generated: readonly FrontFile[];
  /** By module of validators: what its text depends on. */
  readonly validators: ReadonlyMap<string, string>;
}

/** What is made of a server beside code. */
export interface Data {
  /** Generated modules that hold no types. */
  readonly generated: readonly FrontFile[];
  /** Of a large server. */
  readonly listings?: { readonly files: readonly FrontFile[]; readonly exports: string };
}

/** A file whose text is apart. */
type FrontFile = Pick<OutputFile, "path" | "owner">;

export interface FrontOptions {
  readonly again?: Again | undefined;
  readonly once?: Once | undefined;
  readonly lasting?: Lasting | undefined;
  /** What it came to before manifests changed. */
  readonly before?: Before<Result<Front>, Basis> | undefined;
  /** Told of each phase as it starts. */
  readonly entering: (phase: "read" | "check" | "lower" | "emit") => void;
}

/** The phases from the manifests to the generated code, and the texts of its files. */
export function front(host: Host, options: FrontOptions): Made<Result<Front>, Basis> {
  const { entering } = options;
  entering("read");
  const edited = options.before && withEdited(host, options.before);
  if (edited) {
    entering("emit");
    const { server, written, types, validators } = edited;
    const files = emitCode(server, types);
    return { ...made({ server, files, validators, diagnostics: [] }), basis: { written, types }, uponBefore: true };
  }
  const again: Again = options.again ?? ((_kind, _key, make) => make());
  const lasting: Lasting = options.lasting ?? ((_kind, _key, make) => make());
  const once: Once = options.once ?? ((_name, _input, act) => act(host));
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const failed = { output: { diagnostics }, texts: new Map<string, string>() };
  const sources = take(once("read", [], (asked) => read(asked, options.again)));
  if (!sources) return failed;
  entering("check");
  const project = take(once("check", [sources], (asked) => check(sources, asked, again, lasting)));
  if (!project) return failed;
  entering("lower");
  const server = take(once("lower", [project], () => lower(project, again)));
  if (!server) return failed;
  entering("emit");
  const types = declaredTypes(server, again, lasting);
  const files = once("emit", [server], () => emitCode(server, types));
  const validators = validatorsMadeOf(server, again);
  const written = writtenIn(sources, project);
  return { ...made({ server, files, validators, diagnostics }), ...(written && { basis: { written, types } }) };
}

interface Parts extends Pick<Front, "server" | "validators"> {
  readonly files: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
}

function made({ server, files, validators, diagnostics }: Parts): Made<Result<Front>> {
  const value: Front = { server, generated: files.map(apart), validators };
  return { output: { value, diagnostics }, texts: textsOf(files) };
}

/** What else is made of the server, and bundled. */
export function data(server: Server, again: Again = againOf(new Map(), new Map())): Made<Data> {
  const generated = again("data", server, () => emitData(server, again));
  const listings = isSplit(server) ? again("listing files", server, () => listingFiles(server, again)) : undefined;
  const output: Data = {
    generated: generated.map(apart),
    ...(listings && { listings: { files: listings.files.map(apart), exports: listings.exports } }),
  };
  return { output, texts: textsOf([...generated, ...(listings?.files ?? [])]) };
}

export function lock(server: Server): Made<FrontFile[]> {
  const file = emitLock(server);
  return { output: [apart(file)], texts: textsOf([file]) };
}

function apart({ path, owner }: OutputFile): FrontFile {
  return { path, owner };
}

function textsOf(files: readonly OutputFile[]): Map<string, string> {
  return new Map(files.map(({ path, content }) => [path, content as string]));
}

/** Undefined where a manifest is a file of schemas, too: then any entry may be a part of another one. */
function writtenIn({ manifests, schemas }: Sources, project: Project): Written | undefined {
  if (manifests.some(({ path }) => schemas.has(path))) return undefined;
  const spans = sections.map((section): [Section, Span[]] => [section, project[section].map(({ node }) => node.span)]);
  return {
    manifests: new Map(manifests.map(({ path, text }) => [path, text])),
    entries: Object.fromEntries(spans) as Record<Section, Span[]>,
  };
}
