import { legacyVersions, olderEntry, type EntryKind } from "@mcpc/runtime/codegen/v1/older-forms";
import { digest, withHeader } from "../generated-header.js";
import type { Cache } from "../model/cache.js";
import type { Artifact } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

/** Module that reads the files. */
const library = "@mcpc/runtime/codegen/v1/node-listings";

/** Length of the header before a file's content, in bytes. */
const header = withHeader("").length;

const kinds = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resourceTemplate",
  prompts: "prompt",
} as const satisfies Record<string, EntryKind>;

const lists = ["tools", "resources", "resourceTemplates", "prompts"] as const;

/** Name of the form for the newest revisions; it sorts after the name of any revision. */
const newest = "newest";

/** Entries of a list, in the form of certain revisions. */
interface Form {
  /** The last revision that receives this form. */
  readonly last: string;
  readonly entries: readonly string[];
}

/** The last revision that receives a form, the size of its file in bytes, and the hash of the file. */
type FormFile = readonly [last: string, size: number, hash: string];

/** Files of each list, by its name: `tools`, or `tools.gemini` for a projection. */
export type Forms = Readonly<Record<string, readonly FormFile[]>>;

export interface ListingFiles {
  readonly files: readonly Artifact[];
  readonly forms: Forms;
}

/**
 * Limit of tools and templates; above it, listings and validators become separate chunks that are loaded on first use.
 */
const singleFileLimit = 50;

/** Whether listings and validators are chunks. */
export function isSplit({ tools, resourceTemplates }: Server): boolean {
  return tools.length + resourceTemplates.length > singleFileLimit;
}

/** Folder in `dist/`. */
const folder = "chunks/listings";

/**
 * Emits the answers of a large server's lists. Each form that some revision receives has a file, and a second file with
 * the ends of its entries. So the first request for a list computes nothing, and lists take no memory as text.
 */
export function listingFiles(server: Server, cache: Cache): ListingFiles {
  const all = listsOf(server);
  const computed = new Map<string, readonly Form[]>();
  // Texts are not computed where the files are up to date.
  const formsOf = (name: string): readonly Form[] => {
    let known = computed.get(name);
    if (known === undefined) {
      const { kind, entries } = all.get(name)!;
      computed.set(name, (known = formsFor(kind, entries())));
    }
    return known;
  };
  const forms = cache.memo("listing", [server.fingerprint], () =>
    Object.fromEntries(
      [...all.keys()].map((name) => [
        name,
        formsOf(name).map(({ last, entries }): FormFile => {
          const text = entries.join(",");
          return [last, Buffer.byteLength(text), digest(text)];
        }),
      ]),
    ),
  );
  const file = (path: string, content: () => string): Artifact => ({
    path,
    owner: "artifact",
    inputs: server.fingerprint,
    content: () => withHeader(content()),
  });
  const files = Object.keys(forms).flatMap((list) =>
    forms[list]!.flatMap(([last]) => {
      const entries = (): readonly string[] => formsOf(list).find((form) => form.last === last)!.entries;
      return [
        file(pathOf(server, list, last), () => entries().join(",")),
        file(endsOf(server, list, last), () => JSON.stringify(ends(entries()))),
      ];
    }),
  );
  return { files, forms };
}

/** Returns the lists, and those of tools for each profile. */
function listsOf(server: Server): ReadonlyMap<string, { kind: EntryKind; entries: () => readonly Listed[] }> {
  const own = lists.map((list) => [list, { kind: kinds[list], entries: () => server[list] }] as const);
  const projected = server.projections.map(({ profile, tools }) => {
    const entries = (): readonly Listed[] => {
      const listings = new Map(tools.map(({ name, listing }) => [name, listing]));
      return server.tools.map((tool) => ({ ...tool, listing: listings.get(tool.name) ?? tool.listing }));
    };
    return [`tools.${profile}`, { kind: "tool" as const, entries }] as const;
  });
  return new Map<string, { kind: EntryKind; entries: () => readonly Listed[] }>([...own, ...projected]);
}

function pathOf({ layout: { dist } }: Server, list: string, last: string): string {
  return `${dist}/${folder}/${list}.${last}.json`;
}

/** Returns the path of the file with the ends of entries. */
function endsOf({ layout: { dist } }: Server, list: string, last: string): string {
  return `${dist}/${folder}/${list}.${last}.ends.json`;
}

/** Prints the module that replaces `generated/listings.ts`. */
export function listingsModule(forms: Forms, format: "cjs" | "esm"): string {
  const exports = lists.map((list) => `export const ${list} = ${listingText(list, forms)};\n`);
  return `${opening(format)}${exports.join("")}`;
}

/** Prints the module that replaces `generated/projections.ts`. */
export function projectionsModule({ projections }: Server, forms: Forms, format: "cjs" | "esm"): string {
  const profiles = projections.map(
    ({ profile }) => `${JSON.stringify(profile)}: ${listingText(`tools.${profile}`, forms)},\n`,
  );
  return `${opening(format)}export const projections = {\n${profiles.join("")}};\n`;
}

function opening(format: "cjs" | "esm"): string {
  const place = format === "cjs" ? "__dirname" : "import.meta.dirname";
  return `import { listingFiles } from "${library}";\nconst folder = \`\${${place}}/${folder}\`;\n`;
}

function listingText(list: string, forms: Forms): string {
  const files = forms[list] ?? [];
  return files.length === 0 ? "[]" : `listingFiles(folder, ${header}, "${list}", ${JSON.stringify(files)})`;
}

interface Listed {
  readonly listing: JsonObject;
  readonly wraps?: boolean;
}

/** Returns the forms of a list, each with the revisions that receive it. */
function formsFor(kind: EntryKind, entries: readonly Listed[]): Form[] {
  if (entries.length === 0) return [];
  const current = entries.map(({ listing }) => JSON.stringify(listing));
  // Revisions after one that receives an entry in full receive it in full, too.
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
  // Revisions with the same entries share a form.
  const all = [...forms, { last: newest, entries: current }];
  return all.filter(({ entries }, index) => !same(entries, all[index + 1]?.entries));
}

function same(entries: readonly string[], others: readonly string[] | undefined): boolean {
  return others !== undefined && entries.every((entry, index) => entry === others[index]);
}

/** Returns the offset in bytes of each entry's end, with commas between entries. */
function ends(entries: readonly string[]): number[] {
  let end = -1;
  return entries.map((entry) => (end += 1 + Buffer.byteLength(entry)));
}
