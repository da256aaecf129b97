import type { JsonObject } from "../model/source.js";

/** Kinds of entries, and the sections of a manifest that hold them. */
export const sectionOf = {
  tool: "tools",
  resource: "resources",
  template: "resourceTemplates",
  prompt: "prompts",
} as const;

export type Kind = keyof typeof sectionOf;
export const kinds = Object.keys(sectionOf) as Kind[];

/** Facts about an entry that is to be added. */
export interface NewEntry {
  readonly kind: Kind;
  readonly name: string;
  readonly description?: string | undefined;
  /** The URI of a resource, or the URI template of a resource template. */
  readonly uri?: string | undefined;
}

/** Returns a minimal entry. `server` is the name of the server, which the default URI begins with. */
export function newEntry({ kind, name, description, uri }: NewEntry, server: string): JsonObject {
  const described = { description: description ?? `Say here what ${name} is for, and when to use it.` };
  const scheme = /^[a-z][a-z0-9+.-]*$/i.test(server) ? server.toLowerCase() : "app";
  switch (kind) {
    case "tool":
      return { name, ...described, inputSchema: { type: "object", properties: {}, additionalProperties: false } };
    case "resource":
      return { uri: uri ?? `${scheme}://${encodeURIComponent(name)}`, name, ...described, mimeType: "text/plain" };
    case "template":
      return { uriTemplate: uri ?? `${scheme}://${encodeURIComponent(name)}/{id}`, name, ...described };
    case "prompt":
      return { name, ...described, arguments: [] };
  }
}
