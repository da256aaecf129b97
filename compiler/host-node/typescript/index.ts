import * as fs from "node:fs";
import { relative } from "node:path";
import type { Findings, Question, TypeChecker } from "../../6-typecheck/index.js";
import { HostError, type Host } from "../../host.js";
import { refuseSpecial } from "../files.js";
import { configFile, configTexts } from "./config.js";
import { configErrors } from "./config-errors.js";
import { ambientFiles } from "./ambient.js";
import { concerning, exportsOf, findingsIn, toldAt, type Sources } from "./findings.js";
import { listening, overlay } from "./overlay.js";
import { slashed } from "./paths.js";
import { isGone, start } from "./process.js";
import { configurationOf, show, textAt, type Session } from "./session.js";

/** TypeScript for one folder: a process of its own, which keeps what it has read. */
export interface TypeScript {
  /** Reads what any check of the folder will need: TypeScript's own libraries, and the runtime's types. */
  warmUp(): void;
  /** `touched` are the project paths that may have changed since the last question: all when absent. */
  examine(question: Question, touched?: ReadonlySet<string>): Findings;
  end(): void;
}

/** The exports of these modules; the rest of them is generated, and the check of the user's code does not need it. */
const stubs = {
  surface: 'export declare const surface: import("@mcpc/runtime/codegen/v1").Surface;\n',
  settings: 'export declare const settings: import("@mcpc/runtime/codegen/v1").Validator;\n',
};
const warmUpText = 'import type {} from "@mcpc/runtime";\nimport type {} from "@mcpc/runtime/codegen/v1";\n';

/** Files whose change affects other files. */
const decisive = /(?:^|\/)(?:package\.json$|node_modules\/)/;

export interface TypeScriptOptions {
  /** Called with the id of a process that starts; undefined when it ends. */
  readonly running?: (pid: number | undefined) => void;
  /** It answers about one state of the project. */
  readonly isOneShot?: boolean;
  /** Reads the project's files, if they are not on the disk. */
  readonly read?: Host["read"];
}

/** `folder` is absolute, links resolved. */
export function typescript(folder: string, { running, isOneShot = false, read }: TypeScriptOptions = {}): TypeScript {
  const root = slashed(folder);
  const at = (path: string): string => `${root}/${path}`;
  let session: Session | undefined;

  /** Why a file of the project could not be read: TypeScript does not pass it on. */
  let refusal: HostError | undefined;
  const refusing = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (error instanceof HostError) refusal = error;
      throw error;
    }
  };
  const reading: Host["read"] | undefined = read && ((path) => refusing(() => read(path)));
  /** Before TypeScript opens a file itself, and waits for a pipe for ever. */
  const refuse = (file: string): void => refusing(() => refuseSpecial(root, relative(folder, file)));

  const begun = (): Session => {
    const texts = new Map<string, string>();
    const shownFiles = overlay(root, texts, reading);
    const readFile = (path: string): string | null | undefined => {
      const text = shownFiles.readFile(path);
      if (text === undefined) refuse(path);
      return text;
    };
    const disk = listening({ ...shownFiles, readFile });
    const process = start({ cwd: root, fs: disk }, isOneShot);
    running?.(process.child.pid);
    // What it was spoken to through is another file's from then on.
    process.child.once("exit", () => {
      if (session?.process === process) end();
    });
    return { process, disk, texts };
  };
  const end = (): void => {
    session?.process.end();
    session = undefined;
    running?.(undefined);
  };

  /** Returns a session that has been shown these texts. */
  function shown(
    texts: ReadonlyMap<string, string>,
    files: readonly string[],
    { generated, bound }: Pick<Question, "generated" | "bound">,
    touched: ReadonlySet<string>,
  ): Session {
    session ??= begun();
    const handlers = bound.map(({ file }) => at(file));
    const configuration = configurationOf(session, root, handlers);
    // It would go on with the options that it has.
    if (session.configuration && session.configuration.key !== configuration.key) end();
    session ??= begun();
    session.configuration = configuration;
    const { disk } = session;
    const { project } = configuration;
    // Generated code and handlers are part of the program anyway.
    const known = new Set(handlers);
    const others = project?.names.filter((file) => !known.has(file) && !file.startsWith(at(`${generated}/`))) ?? [];
    const [ambient, scanned] = disk.heard(() => ambientFiles(others, (file) => textAt(disk, file)));
    session.scanned = scanned;
    show(session, root, new Map([...texts, ...configTexts(root, [...files, ...ambient], project)]), touched);
    return session;
  }

  function answer(question: Question, touched: ReadonlySet<string> | undefined): Findings {
    const generated = (name: string): string => `${question.generated}/${name}.ts`;
    const texts = new Map(question.texts);
    for (const [name, text] of Object.entries(stubs)) texts.set(generated(name), text);
    const roots = [generated("server"), generated("main")];
    const { snapshot, disk, configuration, scanned } = shown(texts, roots, question, touched ?? new Set());
    const project = snapshot!.getProject(at(configFile))!;
    const files = project.program.getSourceFileNames();
    session!.files = new Set(files);
    const sources: Sources = {
      root,
      project,
      pathOf: (file) => ownPath(root, file),
      textOf: (file) => disk.given(file) ?? fs.readFileSync(file, "utf8"),
    };
    const { project: own } = configuration!;
    const wrong = own ? project.program.getConfigFileParsingDiagnostics() : [];
    const misconfigured =
      wrong.length === 0 ? [] : configErrors(wrong, own!.config, root, (file) => textAt(disk, file));
    const errors = concerning(findingsIn(sources), [...roots, ...question.bound.map(({ file }) => file)], sources);
    const places = [...toldAt(errors, question)].map((path) => [path, exportsOf(at(path), sources)] as const);
    const inputs = [...configuration!.files, ...scanned!, ...files.filter((file) => !isLibrary(file))];
    const known = inputs.filter((file) => !session!.texts.has(file)).map((file) => relative(folder, file));
    return { errors, misconfigured, exports: new Map(places), inputs: known, isProject: own !== undefined };
  }

  return {
    warmUp: () => {
      // A session that has answered knows all that, and more; files that an idle one has read may have changed.
      if (session?.files) return;
      end();
      shown(
        new Map([["mcpc.warm-up.ts", warmUpText]]),
        ["mcpc.warm-up.ts"],
        { generated: "generated", bound: [] },
        new Set(),
      );
    },
    examine: (question, touched) => {
      refusal = undefined;
      const all = touched === undefined || [...touched].some((path) => decisive.test(path));
      if (all && session?.files) end();
      try {
        return answer(question, touched);
      } catch (error) {
        end();
        if (refusal ?? error instanceof HostError) throw refusal ?? error;
      }
      // Somebody may have killed the process.
      try {
        return answer(question, undefined);
      } catch (error) {
        end();
        throw isGone(error) ? new HostError(`TypeScript ended before it had answered (${error.message})`) : error;
      }
    },
    end,
  };
}

/** A type checker whose process ends with the answer. */
export function checkOnce({ root, read }: Host): TypeChecker {
  return async (question) => {
    const process = typescript(root, { isOneShot: true, read });
    try {
      return process.examine(question);
    } finally {
      process.end();
    }
  };
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
