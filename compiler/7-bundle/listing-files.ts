import { legacyVersions, olderEntry, type EntryKind } from "@mcpc/runtime/codegen/v1/older-forms";
import { digest, withHeader } from "../generated-header.js";
import type { Cache } from "../model/cache.js";
import type { Artifact } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

/** The module that reads them. */
const library = "@mcpc/runtime/codegen/v1/node-listings";

/** The bytes of a file before what is in it. */
const header = withHeader("").length;

const kinds = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resourceTemplate",
  prompts: "prompt",
} as const satisfies Record<string, EntryKind>;

/** The form for the newest revisions; later in order than the name of any revision. */
const newest = "newest";

/** The entries of a list in the form of some revisions. */
interface Form {
  /** The last revision that gets this form. */
  readonly last: string;
  readonly entries: readonly string[];
}

/** The last revision that gets a form, the bytes of its file and their digest. */
type FormFile = readonly [last: string, size: number, hash: string];

type List = keyof typeof kinds;

type ByList<T> = Readonly<Record<List, T>>;

/** The files of each list. */
export type Forms = ByList<readonly FormFile[]>;

const lists = ["tools", "resources", "resourceTemplates", "prompts"] as const;

function byList<T>(make: (list: List) => T): ByList<T> {
  return {
    tools: make("tools"),
    resources: make("resources"),
    resourceTemplates: make("resourceTemplates"),
    prompts: make("prompts"),
  };
}

export interface ListingFiles {
  readonly files: readonly Artifact[];
  readonly forms: Forms;
}

/** Above this many tools and templates, listings and validators become chunks of their own, loaded when first used. */
const singleFileLimit = 50;

/** Whether listings and validators are chunks. */
export function isSplit({ tools, resourceTemplates }: Server): boolean {
  return tools.length + resourceTemplates.length > singleFileLimit;
}

/** In `dist/`. */
const folder = "chunks/listings";

/**
 * The lists of a large server as they are answered: for each form that some revision gets a file, and one with the ends of
 * its entries. So nothing is computed when a list is first asked for, and no list is text in the server's memory.
 */
export function listingFiles(server: Server, cache: Cache): ListingFiles {
  let known: ByList<readonly Form[]> | undefined;
  // Where the files are up to date, their texts are not made.
  const formsOf = (list: List): readonly Form[] =>
    (known ??= byList((each) => formsFor(kinds[each], server[each])))[list];
  const forms = cache.memo("listing", [server.fingerprint], () =>
    byList((list) =>
      formsOf(list).map(({ last, entries }): FormFile => {
        const text = entries.join(",");
        return [last, Buffer.byteLength(text), digest(text)];
      }),
    ),
  );
  const file = (path: string, content: () => string): Artifact => ({
    path,
    owner: "artifact",
    inputs: server.fingerprint,
    content: () => withHeader(content()),
  });
  const files = lists.flatMap((list) =>
    forms[list].flatMap(([last]) => {
      const entries = (): readonly string[] => formsOf(list).find((form) => form.last === last)!.entries;
      return [
        file(pathOf(server, list, last), () => entries().join(",")),
        file(endsOf(server, list, last), () => JSON.stringify(ends(entries()))),
      ];
    }),
  );
  return { files, forms };
}

function pathOf({ layout: { dist } }: Server, list: string, last: string): string {
  return `${dist}/${folder}/${list}.${last}.json`;
}

/** Returns the path of the file with the ends of entries. */
function endsOf({ layout: { dist } }: Server, list: string, last: string): string {
  return `${dist}/${folder}/${list}.${last}.ends.json`;
}

/** In place of `generated/listings.ts`. */
export function listingsModule(forms: Forms, format: "cjs" | "esm"): string {
  const place = format === "cjs" ? "__dirname" : "import.meta.dirname";
  const lists = Object.entries(forms).map(([list, files]) =>
    files.length === 0
      ? `export const ${list} = [];\n`
      : `export const ${list} = listingFiles(folder, ${header}, "${list}", ${JSON.stringify(files)});\n`,
  );
  return `import { listingFiles } from "${library}";\nconst folder = \`\${${place}}/${folder}\`;\n${lists.join("")}`;
}

interface Listed {
  readonly listing: JsonObject;
  readonly wraps?: boolean;
}

/** Returns the forms of a list, each with the revisions that get it. */
function formsFor(kind: EntryKind, entries: readonly Listed[]): Form[] {
  if (entries.length === 0) return [];
  const current = entries.map(({ listing }) => JSON.stringify(listing));
  // An entry that an older revision gets in full, all later ones get in full.
  const inFull = new Set<number>();
  const forms = legacyVersions.map((version): Form => {
    const texts = entries.map(({ listing, wraps }, index) => {
      const older = inFull.has(index) ? listing : olderEntry(version, kind, listing, wraps);
      if (older !== listing) return JSON.stringify(older);
      inFull.add(index);
      return current[index]!;
    });
    return { last: version, entries: texts };
  });
  // Revisions that get the same share a form.
  const all = [...forms, { last: newest, entries: current }];
  return all.filter(({ entries }, index) => !same(entries, all[index + 1]?.entries));
}

function same(entries: readonly string[], others: readonly string[] | undefined): boolean {
  return others !== undefined && entries.every((entry, index) => entry === others[index]);
}

/** Returns the end of each entry in the bytes of all, with commas between. */
function ends(entries: readonly string[]): number[] {
  let end = -1;
  return entries.map((entry) => (end += 1 + Buffer.byteLength(entry)));
}
