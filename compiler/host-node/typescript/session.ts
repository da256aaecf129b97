import * as fs from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "typescript/unstable/sync";
import { configFile, isConfigText } from "./config.js";
import { isFile, type TracedOverlay } from "./overlay.js";
import { slashed } from "./paths.js";
import type { Process } from "./process.js";
import { findUserProject, type UserProject } from "./user-project.js";

/** A process, with the state that it was given. */
export interface CheckerSession {
  readonly process: Process;
  readonly disk: TracedOverlay;
  /** Texts by absolute path, which replace files on the disk. */
  readonly texts: Map<string, string>;
  configuration?: Configuration;
  /** The absolute paths of files that were scanned for global declarations. */
  scanned?: readonly string[];
  snapshot?: Snapshot;
  /** The files of the last checked program; absent before the first check. */
  files?: ReadonlySet<string>;
}

/** Updates the session's snapshot to these texts, by project path, and the current disk. */
export function show(
  session: CheckerSession,
  root: string,
  texts: ReadonlyMap<string, string>,
  touched: ReadonlySet<string>,
): void {
  const { process, texts: shown, snapshot: before } = session;
  const now = new Map([...texts].map(([path, text]) => [`${root}/${path}`, text]));
  const different = [...now].filter(([file, text]) => shown.get(file) !== text).map(([file]) => file);
  const gone = [...shown.keys()].filter((file) => !now.has(file));
  for (const file of gone) shown.delete(file);
  for (const [file, text] of now) shown.set(file, text);
  const touchedFiles = [...touched].map((path) => slashed(join(root, path)));
  const fileChanges = changes(new Set([...different, ...gone, ...touchedFiles]), session);
  session.snapshot = process.api.updateSnapshot(before ? { fileChanges } : { openProjects: [`${root}/${configFile}`] });
  before?.dispose();
}

function changes(
  touched: ReadonlySet<string>,
  { texts, files }: CheckerSession,
): { readonly changed: string[]; readonly created: string[]; readonly deleted: string[] } {
  const [changed, created, deleted]: [string[], string[], string[]] = [[], [], []];
  for (const file of touched) {
    if (!texts.has(file) && !fs.existsSync(file)) deleted.push(file);
    else if (files?.has(file) || isConfigText(file)) changed.push(file);
    else created.push(file);
  }
  return { changed, created, deleted };
}

/** The configuration of the user. */
interface Configuration {
  /** The project; absent if the folder belongs to none. */
  readonly project: UserProject | undefined;
  /** The absolute paths of files that were tried to find the project, whether they exist or not. */
  readonly files: readonly string[];
  /** A key that changes with the options. */
  readonly key: string;
}

/** Finds the configuration for `handlers`, which are absolute paths. */
export function configurationOf(
  { process, disk }: CheckerSession,
  root: string,
  handlers: readonly string[],
): Configuration {
  const [project, files] = disk.trace(() =>
    findUserProject(root, handlers, {
      isFile: (file) => disk.fileExists(file) ?? isFile(file),
      textOf: (file) => textAt(disk, file),
      parse: (file) => process.api.parseConfigFile(file),
    }),
  );
  // A corrected option may leave the parsed options unchanged.
  const texts = project ? files.filter((file) => file.endsWith(".json")).map((file) => textAt(disk, file) ?? null) : [];
  return { project, files, key: JSON.stringify([project?.config, project?.options, files, texts]) };
}

/** Returns the text of a file as TypeScript sees it; `undefined` if it does not exist. */
export function textAt(disk: TracedOverlay, file: string): string | undefined {
  const text = disk.readFile(file);
  return text === undefined && isFile(file) ? fs.readFileSync(file, "utf8") : (text ?? undefined);
}
