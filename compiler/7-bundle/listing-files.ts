import { legacyVersions, olderEntry, type EntryKind } from "@mcpc/runtime/codegen/v1/older-forms";
import { digest, withHeader } from "../generated-header.js";
import type { Again } from "../model/again.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

/** What reads them. */
const library = "@mcpc/runtime/codegen/v1/node-listings";

/** The bytes of a file before what is in it. */
const header = withHeader("").length;

const kinds = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resourceTemplate",
  prompts: "prompt",
} as const satisfies Record<string, EntryKind>;

/** What the newest revisions are told; later in order than the name of any revision. */
const newest = "newest";

/** The entries of a list as some revisions are told them. */
interface Form {
  /** The last revision that is told so. */
  readonly last: string;
  readonly entries: readonly string[];
}

export interface ListingFiles {
  readonly files: readonly OutputFile[];
  /** What the module that stands in place of `generated/listings.ts` exports. */
  readonly exports: string;
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
 * The lists of a large server as they are answered: for each form that some revision is told a file, and one of where
 * its entries end; and the module that knows them. So nothing is left to be worked out when a list is first asked for,
 * and none of it is text in the server's memory.
 */
export function listingFiles(server: Server, again: Again): ListingFiles {
  const { dist } = server.layout;
  const files: OutputFile[] = [];
  const lists = Object.entries(kinds).map(([list, kind]) => {
    const all = server[list as keyof typeof kinds];
    if (all.length === 0) return `export const ${list} = [];\n`;
    const forms = formsOf(kind, all, again).map(({ last, entries }) => {
      const path = `${dist}/${folder}/${list}.${last}`;
      const text = entries.join(",");
      const ending = JSON.stringify(ends(entries));
      const hash = digest(text);
      files.push(
        { path: `${path}.json`, owner: "artifact", content: withHeader(text, hash) },
        { path: `${path}.ends.json`, owner: "artifact", content: withHeader(ending) },
      );
      return [last, Buffer.byteLength(text), hash];
    });
    return `export const ${list} = listingFiles(folder, ${header}, "${list}", ${JSON.stringify(forms)});\n`;
  });
  return { files, exports: lists.join("") };
}

/** In place of `generated/listings.ts`. */
export function listingsModule({ exports }: ListingFiles, format: "cjs" | "esm"): string {
  const place = format === "cjs" ? "__dirname" : "import.meta.dirname";
  return `import { listingFiles } from "${library}";\nconst folder = \`\${${place}}/${folder}\`;\n${exports}`;
}

function formsOf(kind: EntryKind, entries: readonly { readonly listing: JsonObject }[], again: Again): Form[] {
  const current = entries.map(({ listing }) => again("listings as JSON", listing, () => JSON.stringify(listing)));
  // What an older revision is told in full, all later ones are.
  const inFull = new Set<number>();
  const forms = legacyVersions.map((version): Form => {
    const told = entries.map(({ listing }, index) => {
      const older = inFull.has(index) ? listing : olderEntry(version, kind, listing);
      if (older !== listing) return JSON.stringify(older);
      inFull.add(index);
      return current[index]!;
    });
    return { last: version, entries: told };
  });
  // Revisions that are told the same share a form.
  const all = [...forms, { last: newest, entries: current }];
  return all.filter(({ entries }, index) => !same(entries, all[index + 1]?.entries));
}

function same(entries: readonly string[], others: readonly string[] | undefined): boolean {
  return others !== undefined && entries.every((entry, index) => entry === others[index]);
}

/** Where each entry ends in the bytes of all of them, with commas between. */
function ends(entries: readonly string[]): number[] {
  let end = -1;
  return entries.map((entry) => (end += 1 + Buffer.byteLength(entry)));
}
