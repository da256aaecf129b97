import { read } from "../1-read/index.js";
import { areSchemas, sections, type Section, type Written } from "../1-read/edited.js";
import { check } from "../2-check/index.js";
import { lower } from "../3-lower/index.js";
import {
  codeReplacements,
  dataReplacements,
  declaredTypes,
  emitCode,
  emitData,
  emitLock,
  lockReplacements,
  validatorsMadeOf,
  type Replacements,
} from "../4-emit/generated.js";
import { editedListingFiles, isSplit, listingFiles, type Forms, type ListingFiles } from "../7-bundle/listing-files.js";
import { hasErrors, type Diagnostic, type Result } from "../diagnostics/diagnostic.js";
import { patched } from "../generated-header.js";
import type { Host } from "../host.js";
import { againOf, type Once } from "../incremental/again.js";
import type { Before, Former, Made, Texts } from "../incremental/ever.js";
import { anew, type Again, type Lasting } from "../model/again.js";
import type { Edit } from "../model/edit.js";
import { standing, type OutputFile } from "../model/output.js";
import type { Project } from "../model/project.js";
import type { Server } from "../model/server.js";
import type { Sources, Span } from "../model/source.js";
import { withEdited } from "./edited.js";

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
  readonly listings?: { readonly files: readonly FrontFile[]; readonly forms: Forms };
}

type Emitted = NonNullable<ReturnType<Texts["get"]>>;

/** A file whose text is apart. */
export type FrontFile = Pick<OutputFile, "path" | "owner">;

export interface FrontOptions {
  readonly again?: Again | undefined;
  readonly once?: Once | undefined;
  readonly lasting?: Lasting | undefined;
  /** What it came to before manifests changed. */
  readonly before?: Before<Result<Front>, Written> | undefined;
  readonly left: LeftAt;
  /** Told of each phase as it starts. */
  readonly entering: (phase: "read" | "check" | "lower" | "emit") => void;
}

/** What the last build left at a path, if that was made of what `id` stands for, and nobody has touched it. */
export type LeftAt = (path: string, id: string) => Uint8Array | undefined;

interface Fronted extends Made<Result<Front>, Written> {
  /** What it was made by, of what it came to before. */
  readonly edit?: Edit;
}

/** The phases from the manifests to the generated code, and the texts of its files. */
export function front(host: Host, options: FrontOptions): Fronted {
  const { entering, before, left } = options;
  entering("read");
  const edited = before && withEdited(host, before);
  if (edited) {
    entering("emit");
    const { server, written, validators, edit } = edited;
    const { generated } = before.output.value!;
    const all = (): OutputFile[] => emitCode(server);
    const texts = edit ? replacing(codeReplacements(edit), (path) => left(path, before.id), all) : textsOf(all());
    const output = { value: { server, generated, validators }, diagnostics: [] };
    return { output, texts, basis: written, uponBefore: true, ...(edit && { edit }) };
  }
  const again: Again = options.again ?? anew;
  const lasting: Lasting = options.lasting ?? anew;
  const once: Once = options.once ?? ((_name, _input, act) => act(host));
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const failed = { output: { diagnostics }, texts: textsOf([]) };
  const sources = take(once("read", [], (asked) => read(asked, options.again)));
  if (!sources) return failed;
  entering("check");
  const project = take(once("check", [sources], (asked) => check(sources, asked, again, lasting)));
  if (!project) return failed;
  entering("lower");
  const server = take(once("lower", [project], () => lower(project, again)));
  if (!server) return failed;
  entering("emit");
  const files = once("emit", [server], () => emitCode(server, declaredTypes(server, again, lasting)));
  const value: Front = { server, generated: files.map(apart), validators: validatorsMadeOf(server, again) };
  const written = writtenIn(sources, project);
  return { output: { value, diagnostics }, texts: textsOf(files), ...(written && { basis: written }) };
}

/** The files of the last build, with what an edit replaces in them; where that cannot be told, `all` has to be made. */
function replacing(
  replacements: Replacements,
  left: (path: string) => Uint8Array | undefined,
  all: () => readonly OutputFile[],
): Texts {
  let made: Texts | undefined;
  const replaced = (path: string): ReturnType<Texts["get"]> => {
    const bytes = left(path);
    const replacement = replacements.get(path);
    if (!bytes || (!replacement && replacements.has(path))) return undefined;
    return !replacement || replacement.before === replacement.after ? standing : patched(bytes, replacement);
  };
  return { get: (path) => replaced(path) ?? (made ??= textsOf(all())).get(path) };
}

/** What an edit was made upon. */
export interface Upon<Output> {
  readonly edit: Edit;
  readonly before: Former<Output>;
  readonly left: LeftAt;
}

/** What else is made of the server, and bundled: text that has parts in common, each worked out once. */
export function data(server: Server, again: Again = againOf(new Map(), new Map()), upon?: Upon<Data>): Made<Data> {
  const all = (): readonly OutputFile[] => again("data", server, () => emitData(server, again));
  const whole = (): ListingFiles => again("listing files", server, () => listingFiles(server, again));
  const left = (path: string): Uint8Array | undefined => upon?.left(path, upon.before.id);
  const forms = upon?.before.output.listings?.forms;
  const listings = isSplit(server)
    ? ((upon && forms && editedListingFiles(upon.edit, forms, left)) ?? whole())
    : undefined;
  const listed = listings?.files ?? [];
  const told = (generated: readonly FrontFile[]): Data => ({
    generated,
    ...(listings && { listings: { files: listed.map(apart), forms: listings.forms } }),
  });
  if (!upon) {
    const generated = all();
    return { output: told(generated.map(apart)), texts: textsOf([...generated, ...listed]) };
  }
  const [lists, texts] = [textsOf(listed), replacing(dataReplacements(upon.edit), left, all)];
  return { output: told(upon.before.output.generated), texts: { get: (path) => lists.get(path) ?? texts.get(path) } };
}

export function lock(server: Server, upon?: Upon<readonly FrontFile[]>): Made<readonly FrontFile[]> {
  const all = (): OutputFile[] => [emitLock(server)];
  if (!upon) {
    const files = all();
    return { output: files.map(apart), texts: textsOf(files) };
  }
  const { edit, before, left } = upon;
  const texts = replacing(lockReplacements(edit), (path) => left(path, before.id), all);
  return { output: before.output, texts };
}

function apart({ path, owner }: OutputFile): FrontFile {
  return { path, owner };
}

function textsOf(files: readonly OutputFile[]): Map<string, Emitted> {
  return new Map(files.map(({ path, content }) => [path, content as Emitted]));
}

/** Undefined where entries stand for more than themselves. */
function writtenIn(sources: Sources, project: Project): Written | undefined {
  if (areSchemas(sources)) return undefined;
  const { manifests } = sources;
  const spans = sections.map((section): [Section, Span[]] => [section, project[section].map(({ node }) => node.span)]);
  return {
    manifests: new Map(manifests.map(({ path, text }) => [path, text])),
    entries: Object.fromEntries(spans) as Record<Section, Span[]>,
  };
}
