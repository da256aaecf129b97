import * as fs from "node:fs";
import { relative } from "node:path";
import type { Findings, Question, TypeChecker } from "../../6-typecheck/index.js";
import { HostError, type Host } from "../../host.js";
import { refuseSpecial } from "../files.js";
import { configFile, configTexts } from "./config.js";
import { configErrors } from "./config-errors.js";
import { ambientFiles } from "./ambient.js";
import { relevantFindings, exportsOf, findingsIn, reportFiles, type ProgramSources } from "./findings.js";
import { traceOverlay, overlay } from "./overlay.js";
import { slashed } from "./paths.js";
import { isGone, start } from "./process.js";
import { configurationOf, show, textAt, type CheckerSession } from "./session.js";

/** TypeScript for one folder, in a separate process that caches what it reads. */
export interface TypeScript {
  /** Reads files that every check of the folder needs: TypeScript's libraries and the runtime's types. */
  warmUp(): void;
  /** Checks types. `touched` are the project paths that may have changed since the last check; default: all. */
  check(question: Question, touched?: ReadonlySet<string>): Findings;
  end(): void;
}

/** Declarations of generated modules. The check of the user's code does not need the rest of these modules. */
const stubs = {
  surface: 'export declare const surface: import("@mcpc/runtime/codegen/v1").Surface;\n',
  settings: 'export declare const settings: import("@mcpc/runtime/codegen/v1").Validator;\n',
};
const warmUpSource = 'import type {} from "@mcpc/runtime";\nimport type {} from "@mcpc/runtime/codegen/v1";\n';

/** Files whose change affects other files. */
const affectsOthers = /(?:^|\/)(?:package\.json$|node_modules\/)/;

export interface TypeScriptOptions {
  /** Called with the id of a started process, and with `undefined` at its end. */
  readonly onProcess?: (pid: number | undefined) => void;
  /** Whether only one state of the project is checked. */
  readonly isOneShot?: boolean;
  /** Reads the project's files, if they are not on the disk. */
  readonly read?: Host["read"];
}

/** Creates TypeScript for a folder, an absolute path without links. */
export function typescript(folder: string, { onProcess, isOneShot = false, read }: TypeScriptOptions = {}): TypeScript {
  const root = slashed(folder);
  const at = (path: string): string => `${root}/${path}`;
  let session: CheckerSession | undefined;

  /** The error of reading a file of the project, which TypeScript does not pass on. */
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
  /** Refuses special files before TypeScript opens them and blocks for ever. */
  const refuse = (file: string): void => refusing(() => refuseSpecial(root, relative(folder, file)));

  const openSession = (): CheckerSession => {
    const texts = new Map<string, string>();
    const shownFiles = overlay(root, texts, reading);
    const readFile = (path: string): string | null | undefined => {
      const text = shownFiles.readFile(path);
      if (text === undefined) refuse(path);
      return text;
    };
    const disk = traceOverlay({ ...shownFiles, readFile });
    const process = start({ cwd: root, fs: disk }, isOneShot);
    onProcess?.(process.child.pid);
    // The id of its descriptor may be reused by another file.
    process.child.once("exit", () => {
      if (session?.process === process) end();
    });
    return { process, disk, texts };
  };
  const end = (): void => {
    session?.process.end();
    session = undefined;
    onProcess?.(undefined);
  };

  /** Returns a session with these texts. */
  function sessionShowing(
    texts: ReadonlyMap<string, string>,
    files: readonly string[],
    { generated, bound }: Pick<Question, "generated" | "bound">,
    touched: ReadonlySet<string>,
  ): CheckerSession {
    session ??= openSession();
    const handlers = bound.map(({ file }) => at(file));
    const configuration = configurationOf(session, root, handlers);
    // A running session would keep its options.
    if (session.configuration && session.configuration.key !== configuration.key) end();
    session ??= openSession();
    session.configuration = configuration;
    const { disk } = session;
    const { project } = configuration;
    // Generated code and handlers are always part of the program.
    const paths = new Set(handlers);
    const others = project?.names.filter((file) => !paths.has(file) && !file.startsWith(at(`${generated}/`))) ?? [];
    const [ambient, scanned] = disk.trace(() => ambientFiles(others, (file) => textAt(disk, file)));
    session.scanned = scanned;
    show(session, root, new Map([...texts, ...configTexts(root, [...files, ...ambient], project)]), touched);
    return session;
  }

  function answer(question: Question, touched: ReadonlySet<string> | undefined): Findings {
    const generated = (name: string): string => `${question.generated}/${name}.ts`;
    const texts = new Map(question.texts);
    for (const [name, text] of Object.entries(stubs)) texts.set(generated(name), text);
    const roots = [generated("server"), generated("main")];
    const { snapshot, disk, configuration, scanned } = sessionShowing(texts, roots, question, touched ?? new Set());
    const project = snapshot!.getProject(at(configFile))!;
    const files = project.program.getSourceFileNames();
    session!.files = new Set(files);
    const sources: ProgramSources = {
      root,
      project,
      pathOf: (file) => ownPath(root, file),
      textOf: (file) => disk.given(file) ?? fs.readFileSync(file, "utf8"),
    };
    const { project: own } = configuration!;
    const wrong = own ? project.program.getConfigFileParsingDiagnostics() : [];
    const misconfigured =
      wrong.length === 0 ? [] : configErrors(wrong, own!.config, root, (file) => textAt(disk, file));
    const errors = relevantFindings(
      findingsIn(sources),
      [...roots, ...question.bound.map(({ file }) => file)],
      sources,
    );
    const places = [...reportFiles(errors, question)].map((path) => [path, exportsOf(at(path), sources)] as const);
    const inputs = [...configuration!.files, ...scanned!, ...files.filter((file) => !isLibrary(file))];
    const userFiles = inputs.filter((file) => !session!.texts.has(file)).map((file) => relative(folder, file));
    return { errors, misconfigured, exports: new Map(places), inputs: userFiles, isProject: own !== undefined };
  }

  return {
    warmUp: () => {
      // A session that has answered is already warm; an earlier warm-up may be outdated.
      if (session?.files) return;
      end();
      sessionShowing(
        new Map([["mcpc.warm-up.ts", warmUpSource]]),
        ["mcpc.warm-up.ts"],
        { generated: "generated", bound: [] },
        new Set(),
      );
    },
    check: (question, touched) => {
      refusal = undefined;
      const all = touched === undefined || [...touched].some((path) => affectsOthers.test(path));
      if (all && session?.files) end();
      try {
        return answer(question, touched);
      } catch (error) {
        end();
        if (refusal ?? error instanceof HostError) throw refusal ?? error;
      }
      // The process may have been killed.
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

/** Checks once, in a process that ends with the answer. */
export function checkOnce({ root, read }: Host): TypeChecker {
  return async (question) => {
    const process = typescript(root, { isOneShot: true, read });
    try {
      return process.check(question);
    } finally {
      process.end();
    }
  };
}

/** Returns the project path; `undefined` for files of neither the user nor the generated code. */
function ownPath(root: string, file: string): string | undefined {
  const path = file.startsWith(`${root}/`) ? file.slice(root.length + 1) : undefined;
  return path === undefined || /(?:^|\/)node_modules\//.test(path) ? undefined : path;
}

/** Returns whether a file is a library of TypeScript. */
function isLibrary(file: string): boolean {
  return /\/@typescript\/typescript-[^/]+\/lib\/lib\.[^/]*d\.ts$/.test(file);
}
