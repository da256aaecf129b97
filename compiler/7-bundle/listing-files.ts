import { legacyVersions, olderEntry, type EntryKind } from "@mcpc/runtime/codegen/v1/older-forms";
import { withHeader } from "../generated-header.js";
import type { OutputFile } from "../model/output.js";
import type { Server } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

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

/**
 * The lists of a large server as they are answered: a file for each form that some revision is told, and the module
 * that reads them, in place of the one of `generated/`. So nothing is left to be worked out when a list is first asked
 * for, and none of it is text in the server's memory.
 */
export function listingFiles(server: Server, folder: string, format: "cjs" | "esm"): OutputFile[] {
  const files: OutputFile[] = [];
  const members = Object.entries(kinds).map(([list, kind]) => {
    const forms = formsOf(kind, server[list as keyof typeof kinds]).map(({ last, entries }) => {
      const file = `${list}.${last}.json`;
      files.push({ path: `${folder}/listings/${file}`, owner: "artifact", content: withHeader(entries.join(",")) });
      return [last, file, ends(entries)];
    });
    return `${format === "cjs" ? `exports.${list}` : `export const ${list}`} = (version) => form(${JSON.stringify(forms)}, version);\n`;
  });
  const module = withHeader(`${heads[format]}${reader}${members.join("")}`);
  return [{ path: `${folder}/listings.js`, owner: "artifact", content: module }, ...files];
}

const heads = {
  cjs: `"use strict";
const { readFileSync } = require("node:fs");
const place = (file) => \`\${__dirname}/listings/\${file}\`;
`,
  esm: `import { readFileSync } from "node:fs";
const place = (file) => new URL(\`./listings/\${file}\`, import.meta.url);
`,
};

/** What follows the header, which ends with the line. */
const reader = `function form(forms, version) {
  const [, file, ends] = forms.find(([last]) => version <= last);
  const bytes = readFileSync(place(file));
  return { bytes: bytes.subarray(bytes.indexOf(10) + 1), ends };
}
`;

function formsOf(kind: EntryKind, entries: readonly { readonly listing: JsonObject }[]): Form[] {
  const current = entries.map(({ listing }) => JSON.stringify(listing));
  const forms = legacyVersions.map((version): Form => {
    const told = entries.map(({ listing }, index) => {
      const older = olderEntry(version, kind, listing);
      return older === listing ? current[index]! : JSON.stringify(older);
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
