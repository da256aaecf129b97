import type { View } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { wrongOutput } from "./results.js";
import type { ContentBlock } from "./types.js";

/** Formats the `content` member of a result with one text. */
export function textContent(text: string): string {
  return `"content":[{"type":"text","text":${JSON.stringify(text)}}]`;
}

/** Formats the `content` member of a result with blocks. Throws for an invalid block. */
export function blocksContent(view: View, blocks: readonly unknown[]): string {
  return `"content":${JSON.stringify(Array.from(blocks, (block) => contentBlock(view, block)))}`;
}

/** Converts a block to the form of the view's revision. Throws for an invalid block. */
export function contentBlock(view: View, block: unknown): ContentBlock {
  if (!isContentBlock(block)) throw wrongOutput("content blocks", block);
  return view.revision.content === undefined ? block : view.revision.content(block);
}

export function isContentBlock(value: unknown): value is ContentBlock {
  if (!isObject(value)) return false;
  const required = requiredMembers(value["type"]);
  if (required !== undefined) return required.every((member) => typeof value[member] === "string");
  const { resource } = value;
  return (
    value["type"] === "resource" &&
    isObject(resource) &&
    typeof resource["uri"] === "string" &&
    (typeof resource["text"] === "string" || typeof resource["blob"] === "string")
  );
}

function requiredMembers(type: unknown): readonly string[] | undefined {
  switch (type) {
    case "text":
      return ["text"];
    case "image":
    case "audio":
      return ["data", "mimeType"];
    case "resource_link":
      return ["uri", "name"];
    default:
      return undefined;
  }
}
