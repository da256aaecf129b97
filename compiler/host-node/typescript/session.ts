import * as fs from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "typescript/unstable/sync";
import { configFile, isConfigText } from "./config.js";
import { isFile, type Listening } from "./overlay.js";
import { slashed } from "./paths.js";
import type { Process } from "./process.js";
import { findUserProject, type UserProject } from "./user-project.js";

/** A process, and what it has been shown. */
export interface Session {
  readonly process: Process;
  readonly disk: Listening;
  /** By absolute path; they lie over the disk. */
  readonly texts: Map<string, string>;
  configuration?: Configuration;
  /** The files whose text was looked at for declarations that others see; absolute. */
  scanned?: readonly string[];
  snapshot?: Snapshot;
  /** The files of the last program that answered a question; absent before the first. */
  files?: ReadonlySet<string>;
}

/** Makes the session's snapshot one of these texts, by project path, over the disk as it is now. */
export function show(
  session: Session,
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
  { texts, files }: Session,
): { readonly changed: string[]; readonly created: string[]; readonly deleted: string[] } {
  const [changed, created, deleted]: [string[], string[], string[]] = [[], [], []];
  for (const file of touched) {
    if (!texts.has(file) && !fs.existsSync(file)) deleted.push(file);
    else if (files?.has(file) || isConfigText(file)) changed.push(file);
    else created.push(file);
  }
  return { changed, created, deleted };
}

/** The user's configuration. */
interface Configuration {
  /** Undefined where the folder belongs to no project. */
  readonly project: UserProject | undefined;
  /** The files that were looked at to find it, there or not; absolute. */
  readonly files: readonly string[];
  /** Differs where options may differ. */
  readonly key: string;
}

/** `handlers` are absolute. */
export function configurationOf({ process, disk }: Session, root: string, handlers: readonly string[]): Configuration {
  const [project, files] = disk.heard(() =>
    findUserProject(root, handlers, {
      isFile: (file) => disk.fileExists(file) ?? isFile(file),
      textOf: (file) => textAt(disk, file),
      parse: (file) => process.api.parseConfigFile(file),
    }),
  );
  // An option that is corrected may leave all others as they were.
  const texts = project ? files.filter((file) => file.endsWith(".json")).map((file) => textAt(disk, file) ?? null) : [];
  return { project, files, key: JSON.stringify([project?.config, project?.options, files, texts]) };
}

/** The text of a file as TypeScript sees it; undefined where there is none. */
export function textAt(disk: Listening, file: string): string | undefined {
  const text = disk.readFile(file);
  return text === undefined && isFile(file) ? fs.readFileSync(file, "utf8") : (text ?? undefined);
}
