import { legacyVersions, olderEntry, type EntryKind } from "@mcpc/runtime/codegen/v1/older-forms";
import { digest, hashInHeader, patched, withHeader, withoutHeader } from "../generated-header.js";
import { anew, type Again } from "../model/again.js";
import type { Edit } from "../model/edit.js";
import { standing, type OutputFile } from "../model/output.js";
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

/** The entries of a list as some revisions are told them. */
interface Form {
  /** The last revision that is told so. */
  readonly last: string;
  readonly entries: readonly string[];
}

/** The last revision that is told so, the bytes of the file and their digest. */
type FormFile = readonly [last: string, size: number, hash: string];

export interface ListingFiles {
  readonly files: readonly OutputFile[];
  readonly forms: Forms;
}

/** By list. */
export type Forms = Readonly<Record<keyof typeof kinds, readonly FormFile[]>>;

/** Above this many tools and templates, listings and validators become chunks of their own, loaded when first used. */
const singleFileLimit = 50;

/** Whether listings and validators are chunks. */
export function isSplit({ tools, resourceTemplates }: Server): boolean {
  return tools.length + resourceTemplates.length > singleFileLimit;
}

/** In `dist/`. */
const folder = "chunks/listings";

/**
 * The lists of a large server as they are answered: for each form that some revision is told a file, and one of where
 * its entries end; and the module that knows them. So nothing is left to be worked out when a list is first asked for,
 * and none of it is text in the server's memory.
 */
export function listingFiles(server: Server, again: Again): ListingFiles {
  const files: OutputFile[] = [];
  const formsOf = (list: keyof typeof kinds): FormFile[] =>
    told(kinds[list], server[list], again).map(({ last, entries }) => {
      const text = entries.join(",");
      const hash = digest(text);
      files.push(
        { path: pathOf(server, list, last), owner: "artifact", content: withHeader(text, hash) },
        { path: endsOf(server, list, last), owner: "artifact", content: withHeader(JSON.stringify(ends(entries))) },
      );
      return [last, Buffer.byteLength(text), hash];
    });
  const forms = {
    tools: formsOf("tools"),
    resources: formsOf("resources"),
    resourceTemplates: formsOf("resourceTemplates"),
    prompts: formsOf("prompts"),
  };
  return { files, forms };
}

/**
 * The same after an edit, of what the last build left; undefined where that is not there, or the edit changes which
 * revisions are told the same.
 */
export function editedListingFiles(
  { server, index, before, after }: Edit,
  forms: Forms,
  left: (path: string) => Uint8Array | undefined,
): ListingFiles | undefined {
  const [old, now] = [told("tool", [before], anew), told("tool", [after], anew)];
  const revisions = (forms: readonly Form[]): string => forms.map(({ last }) => last).join();
  if (revisions(old) !== revisions(now)) return undefined;
  const files: OutputFile[] = [];
  const tools: FormFile[] = [];
  for (const [last, size] of forms.tools) {
    const paths = [pathOf(server, "tools", last), endsOf(server, "tools", last)] as const;
    const [text, ending] = [left(paths[0]), left(paths[1])];
    const piece = { before: textFor(old, last), after: textFor(now, last) };
    const made = text && patched(text, piece);
    if (!made || !ending) return undefined;
    const longer = Buffer.byteLength(piece.after) - Buffer.byteLength(piece.before);
    const ends = JSON.parse(Buffer.from(withoutHeader(ending)).toString()) as number[];
    const moved = JSON.stringify(ends.map((end, at) => (at < index ? end : end + longer)));
    files.push({ path: paths[0], owner: "artifact", content: made });
    files.push({ path: paths[1], owner: "artifact", content: withHeader(moved) });
    tools.push([last, size + longer, hashInHeader(made)]);
  }
  for (const list of ["resources", "resourceTemplates", "prompts"] as const)
    for (const path of forms[list].flatMap(([last]) => [pathOf(server, list, last), endsOf(server, list, last)])) {
      if (!left(path)) return undefined;
      files.push({ path, owner: "artifact", content: standing });
    }
  return { files, forms: { ...forms, tools } };
}

/** Returns the text for a revision. */
function textFor(forms: readonly Form[], revision: string): string {
  return forms.find(({ last }) => last >= revision)!.entries[0]!;
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

/** Returns the forms of the revisions. */
function told(kind: EntryKind, entries: readonly Listed[], again: Again): Form[] {
  if (entries.length === 0) return [];
  const current = entries.map(({ listing }) => again("listings as JSON", listing, () => JSON.stringify(listing)));
  // What an older revision is told in full, all later ones are.
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
  // Revisions that are told the same share a form.
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
