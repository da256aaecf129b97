import { dirname, join, relative } from "node:path";
import type { ts as TS } from "ts-morph";
import { textOf, type Host } from "../host.js";
import { splitServer, type Binding } from "./bindings.js";
import { declarationsIn } from "./declared.js";
import { hashOf } from "./hash.js";
import { compilerOptions, projectPathOf, reader, type Reader, type Sources } from "./program.js";
import type { Question } from "./question.js";

/** All that one check works with. */
export interface Situation {
  readonly ts: typeof TS;
  readonly host: Host;
  readonly question: Question;
  readonly options: TS.CompilerOptions;
  /** With another one, nothing that was found before holds. */
  readonly environment: string;
  readonly reader: Reader;
  /** Texts of generated code as they are checked; may be changed from program to program. */
  readonly overlay: Map<string, string>;
  readonly types: { readonly text: string; readonly declarations: ReadonlyMap<string, string> };
  readonly server: { readonly text: string; readonly rest: string; readonly bindings: readonly Binding[] };
  /** Absolute paths of files of generated code. */
  readonly files: Readonly<Record<"server" | "main" | "types" | "bindings", string>>;
  /** Undefined when there is no such file. */
  version(file: string): string | undefined;
  /** Undefined for what is no file of the user's, nor of generated code. */
  ownPath(file: string): string | undefined;
}

/** What one check leaves to the next in memory: trees and hashes of texts that may still be the same. */
export interface Kept {
  readonly environment: string;
  readonly sources: ReadonlyMap<string, TS.SourceFile>;
  readonly versions: ReadonlyMap<string, Version>;
}
interface Version {
  readonly text: string;
  readonly hash: string;
}

/** Whoever changes what is installed changes one of them. */
const installed = ["package.json", ".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".yarn-integrity"];

/** What these modules export; the rest of them is ours, and need not be read to check the user's code. */
const stubs = {
  surface: 'export declare const surface: import("@mcpc/runtime/codegen/v1").Surface;\n',
  settings: 'export declare const settings: import("@mcpc/runtime/codegen/v1").Validator;\n',
};

export function situate(
  ts: typeof TS,
  question: Question,
  host: Host,
  kept: Kept | undefined,
): { readonly situation: Situation; keep(): Kept } {
  const options = compilerOptions(ts, host);
  const generated = join(host.root, question.generated);
  const file = (name: string): string => join(generated, `${name}.ts`);
  const files = { server: file("server"), main: file("main"), types: file("types"), bindings: file("server.bindings") };
  const overlay = new Map([...question.texts].map(([path, text]) => [join(host.root, path), text]));
  const folders = new Set([...overlay.keys()].flatMap((path) => [dirname(path), dirname(dirname(path))]));
  for (const [name, text] of Object.entries(stubs)) overlay.set(file(name), text);
  const [serverText, typesText] = [overlay.get(files.server)!, overlay.get(files.types)!];
  const server = { text: serverText, ...splitServer(serverText) };
  const types = { text: typesText, declarations: declarationsIn(typesText) };
  // Of those two, only parts may lie over the disk.
  const whole = new Map([
    [files.server, server.rest],
    [files.types, types.text],
  ]);
  const disk = diskOf(host);
  const environment = environmentOf(ts, options, disk, host);
  const holds = kept?.environment === environment;
  const sources: Sources = new Map();
  const versions = new Map<string, Version>();
  const textAt = (path: string): string | undefined => overlay.get(path) ?? disk(path);
  return {
    situation: {
      ts,
      host,
      question,
      options,
      environment,
      overlay,
      server,
      types,
      files,
      reader: reader(ts, options, textAt, folders, holds ? kept.sources : new Map(), sources, host),
      version: (path) => {
        const known = kept?.versions.get(path);
        const now = whole.get(path) ?? textAt(path);
        if (now === undefined) return undefined;
        const version = known?.text === now ? known : { text: now, hash: hashOf(now) };
        versions.set(path, version);
        return version.hash;
      },
      ownPath: (path) => {
        const own = projectPathOf(path, host);
        return own === undefined || /(?:^|\/)node_modules\//.test(own) ? undefined : own;
      },
    },
    keep: () => ({ environment, sources, versions }),
  };
}

type Disk = (path: string) => string | undefined;

/** The texts of files, by absolute path. */
export function diskOf(host: Host): Disk {
  return (path) => {
    const bytes = host.read(relative(host.root, path));
    return bytes && textOf(bytes);
  };
}

export function environmentOf(ts: typeof TS, options: TS.CompilerOptions, disk: Disk, host: Host): string {
  return hashOf(
    JSON.stringify([
      ts.version,
      options,
      installed.map((name, index) => disk(join(host.root, index === 0 ? "" : "node_modules", name))),
    ]),
  );
}

/** Whether a file of the project's is generated code. */
export function isGenerated(path: string, { question }: Situation): boolean {
  return path.startsWith(`${question.generated}/`);
}
