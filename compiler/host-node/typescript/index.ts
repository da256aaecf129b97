import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { join, relative } from "node:path";
import { API, type Snapshot } from "typescript/unstable/sync";
import { typecheck, type Findings, type Question, type Typecheck } from "../../6-typecheck/index.js";
import { HostError, type Host } from "../../host.js";
import { configFile, configTexts, type UserOptions } from "./config.js";
import { exportsOf, findingsIn, toldAt, type Sources } from "./findings.js";
import { overlay } from "./overlay.js";
import { slashed } from "./paths.js";

/** TypeScript for one folder: a process of its own, which keeps what it has read. */
export interface TypeScript {
  /** Reads what any check of the folder will need: TypeScript's own libraries, and the runtime's types. */
  foresee(): void;
  /** `touched` are the project paths that may have changed since the last question: all when absent. */
  examine(question: Question, touched?: ReadonlySet<string>): Findings;
  end(): void;
}

/** What these modules export; the rest of them is ours, and need not be read to check the user's code. */
const stubs = {
  surface: 'export declare const surface: import("@mcpc/runtime/codegen/v1").Surface;\n',
  settings: 'export declare const settings: import("@mcpc/runtime/codegen/v1").Validator;\n',
};
const foreseen = 'import type {} from "@mcpc/runtime";\nimport type {} from "@mcpc/runtime/codegen/v1";\n';

/** What decides about other files than itself. */
const decisive = /(?:^|\/)(?:package\.json$|node_modules\/)/;

/** A process, and what it has been shown. */
interface Session {
  readonly api: API;
  /** By absolute path; they lie over the disk. */
  readonly texts: Map<string, string>;
  options?: string;
  snapshot?: Snapshot;
  /** The files of the last program that answered a question; absent before the first. */
  files?: ReadonlySet<string>;
}

export interface TypeScriptOptions {
  /** Told of each process that is there from now on. */
  readonly started?: (pid: number) => void;
  /** Reads the project's files, if they are not on the disk. */
  readonly read?: Host["read"];
}

/** `folder` is absolute, links resolved. */
export function typescript(folder: string, { started, read }: TypeScriptOptions = {}): TypeScript {
  const root = slashed(folder);
  const at = (path: string): string => `${root}/${path}`;
  let session: Session | undefined;

  const begun = (): Session => {
    const texts = new Map<string, string>();
    const api = start(root, overlay(root, texts, read));
    started?.(channelOf(api).child.pid!);
    return { api, texts };
  };
  const end = (): void => {
    if (!session) return;
    // Asked to end, it may say on standard error what it has not come to do.
    const channel = channelOf(session.api);
    channel.child.kill("SIGKILL");
    channel.close();
    session = undefined;
  };

  function answer(question: Question, touched: ReadonlySet<string> | undefined): Findings {
    const generated = (name: string): string => `${question.generated}/${name}.ts`;
    const texts = new Map(question.texts);
    for (const [name, text] of Object.entries(stubs)) texts.set(generated(name), text);
    session ??= begun();
    show(session, root, texts, [generated("server"), generated("main")], touched ?? new Set());
    const project = session.snapshot!.getProject(at(configFile))!;
    const files = project.program.getSourceFileNames();
    session.files = new Set(files);
    const sources: Sources = {
      project,
      pathOf: (file) => ownPath(root, file),
      textOf: (file) => session!.texts.get(file),
    };
    const errors = findingsIn(sources);
    const places = [...toldAt(errors, question)].map((path) => [path, exportsOf(at(path), sources)] as const);
    const inputs = files.filter((file) => !session!.texts.has(file) && !isLibrary(file));
    return { errors, exports: new Map(places), inputs: inputs.map((file) => relative(folder, file)) };
  }

  return {
    foresee: () => {
      session ??= begun();
      show(session, root, new Map([["mcpc.foreseen.ts", foreseen]]), ["mcpc.foreseen.ts"], new Set());
    },
    examine: (question, touched) => {
      const all = touched === undefined || [...touched].some((path) => decisive.test(path));
      if (all && session?.files) end();
      try {
        return answer(question, touched);
      } catch (error) {
        if (error instanceof HostError) throw error;
        // Somebody may have killed the process.
        end();
        return answer(question, undefined);
      }
    },
    end,
  };
}

/** Checks once, with a process that ends with it. */
export function checkOnce({ root, read }: Host): Typecheck {
  return (...given) => {
    const once = typescript(root, { read });
    return typecheck(...given, (question) => once.examine(question)).finally(once.end);
  };
}

function start(root: string, fs: ReturnType<typeof overlay>): API {
  try {
    return new API({ cwd: root, fs });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostError(
      `TypeScript for ${process.platform}-${process.arch} is not installed: it comes with the optional dependencies of ` +
        `the package "typescript", which an installation must not leave out (${reason})`,
      { cause: error },
    );
  }
}

interface Channel {
  readonly child: ChildProcess;
  close(): void;
}

/** Of what the API keeps to itself. */
function channelOf(api: API): Channel {
  return (api["client"] as { readonly channel: Channel }).channel;
}

/** Makes the session's snapshot one of these texts, by project path, over the disk as it is now. */
function show(
  session: Session,
  root: string,
  texts: ReadonlyMap<string, string>,
  files: readonly string[],
  touched: ReadonlySet<string>,
): void {
  const { api, texts: shown } = session;
  const own = userOptions(api, root);
  const now = new Map([...texts, ...configTexts(root, files, own)].map(([path, text]) => [`${root}/${path}`, text]));
  const different = [...now].filter(([file, text]) => shown.get(file) !== text).map(([file]) => file);
  const gone = [...shown.keys()].filter((file) => !now.has(file));
  for (const file of gone) shown.delete(file);
  for (const [file, text] of now) shown.set(file, text);
  const options = JSON.stringify(own);
  const before = session.snapshot;
  if (!before) session.snapshot = api.updateSnapshot({ openProjects: [`${root}/${configFile}`] });
  else if (session.options !== options) session.snapshot = api.updateSnapshot({ fileChanges: { invalidateAll: true } });
  else {
    const touchedFiles = [...touched].map((path) => slashed(join(root, path)));
    const fileChanges = changes(new Set([...different, ...gone, ...touchedFiles]), session);
    session.snapshot = api.updateSnapshot({ fileChanges });
  }
  session.options = options;
  before?.dispose();
}

function changes(
  touched: ReadonlySet<string>,
  { texts, files }: Session,
): { readonly changed: string[]; readonly created: string[]; readonly deleted: string[] } {
  const [changed, created, deleted]: [string[], string[], string[]] = [[], [], []];
  for (const file of touched) {
    if (!texts.has(file) && !fs.existsSync(file)) deleted.push(file);
    else if (files?.has(file) || file.endsWith(`/${configFile}`)) changed.push(file);
    else created.push(file);
  }
  return { changed, created, deleted };
}

/** Undefined where the user has no tsconfig.json. */
function userOptions(api: API, root: string): UserOptions | undefined {
  const file = `${root}/tsconfig.json`;
  return fs.existsSync(file) ? (api.parseConfigFile(file).options as UserOptions) : undefined;
}

/** Undefined for what is no file of the user's, nor of generated code. */
function ownPath(root: string, file: string): string | undefined {
  const path = file.startsWith(`${root}/`) ? file.slice(root.length + 1) : undefined;
  return path === undefined || /(?:^|\/)node_modules\//.test(path) ? undefined : path;
}

/** TypeScript's own. */
function isLibrary(file: string): boolean {
  return /\/@typescript\/typescript-[^/]+\/lib\/lib\.[^/]*d\.ts$/.test(file);
}
