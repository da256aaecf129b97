import { importersOf, type KnownFile, type Memory } from "./memory.js";
import { isGenerated, type Situation } from "./situation.js";

/** What became of the files that are known. */
export interface Changes {
  readonly changed: ReadonlySet<string>;
  /** Of these, the ones that may be something else to who imports them. */
  readonly reshaped: ReadonlySet<string>;
  /** In which there was an error. */
  readonly unclean: ReadonlySet<string>;
}

/** Undefined when more has changed than can be followed: what is installed, or what is seen everywhere. */
export function changesSince({ files }: Memory, situation: Situation): Changes | undefined {
  const { reader, version, ownPath, files: special } = situation;
  const changed = new Set<string>();
  const reshaped = new Set<string>();
  const unclean = new Set<string>();
  for (const [file, known] of Object.entries(files)) {
    const now = version(file);
    const own = ownPath(file);
    const leads = (): boolean => Object.entries(known.imports).some(([key, to]) => reader.resolve(key, file) !== to);
    const moved = own !== undefined && now !== undefined && leads();
    if (now === known.version && !moved) {
      if (!known.clean) unclean.add(file);
      continue;
    }
    if (own === undefined || known.everywhere) return undefined;
    // Who still imports one that is gone is led elsewhere.
    if (now === undefined) continue;
    changed.add(file);
    if (moved || (isGenerated(own, situation) && file !== special.types)) reshaped.add(file);
  }
  return { changed, reshaped, unclean };
}

/** Files and generated types that may mean something else than they did. */
export interface Affected {
  readonly files: ReadonlySet<string>;
  hasType(name: string): boolean;
}

/** All that stands on files that are `reshaped`, or on `names` of generated types, through any number of others. */
export function affectedBy(
  reshaped: ReadonlySet<string>,
  names: ReadonlySet<string> | "all",
  files: Readonly<Record<string, KnownFile>>,
  { files: { types: module } }: Situation,
): Affected {
  const importers = importersOf(files);
  const affected = new Set(reshaped);
  let types = names;
  const users = (): void => {
    for (const [file, { names: used }] of Object.entries(files)) {
      if (used.some((name) => types === "all" || types.has(name) || (name === "*" && types.size > 0)))
        affected.add(file);
    }
  };
  users();
  for (const file of affected) {
    if (file === module) types = "all";
    if (file === module) users();
    else for (const importer of importers.get(file) ?? []) affected.add(importer);
  }
  return { files: affected, hasType: (name) => types === "all" || types.has(name) };
}
