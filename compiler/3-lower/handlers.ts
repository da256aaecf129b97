import type { Handler, Identifier, Layout } from "../model/server.js";
import { camelCase, claims, fileName } from "./names.js";

export type HandlerFolder = "tools" | "resources" | "resource-templates" | "prompts";

export interface HandlerNames {
  /** Returns the place of an entry's handler: as declared (`path#export`), otherwise by convention. */
  handler(folder: HandlerFolder, name: string, declared: string | undefined, type: Identifier, key?: string): Handler;
}

const fallbacks = {
  tools: "tool",
  resources: "resource",
  "resource-templates": "template",
  prompts: "prompt",
} as const;

/**
 * Assigns one file to each handler, named after its entry. Names that would share a file get a suffix. A file of
 * `others` with the same name and another extension holds the handler.
 */
export function handlerNames(layout: Layout, others: readonly string[] = []): HandlerNames {
  const files = claims();
  const written = new Map(others.map((path) => [path.replace(/\.[mc]?tsx?$/, ""), path]));
  return {
    handler(folder, name, declared, type, key = name) {
      if (declared !== undefined) {
        const hash = declared.lastIndexOf("#");
        return { file: declared.slice(0, hash), export: declared.slice(hash + 1) as Identifier, type, declared: true };
      }
      const fallback = fallbacks[folder];
      const path = `${layout.source}/${folder}/${fileName(name, fallback)}`;
      const claimed = files.claim([path], key);
      return {
        file: written.get(claimed) ?? `${claimed}.ts`,
        export: camelCase(name, fallback),
        type,
        declared: false,
      };
    },
  };
}
