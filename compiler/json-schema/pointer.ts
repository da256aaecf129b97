import type { Located } from "../model/source.js";

/** Returns the unescaped tokens of a JSON pointer (RFC 6901). */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Formats a JSON pointer. */
export function pointer(tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Returns the node at a path of tokens; `undefined` if it does not exist. */
export function locate(root: Located, tokens: readonly string[]): Located | undefined {
  let node: Located | undefined = root;
  for (const token of tokens) node = node && child(node, token);
  return node;
}

/** Returns the deepest existing node of a path, for reports about a missing target. */
export function locateNearest(root: Located, tokens: readonly string[]): Located {
  let node = root;
  for (const token of tokens) {
    const next = child(node, token);
    if (!next) return node;
    node = next;
  }
  return node;
}

/** Returns a member by key, or an item by index. */
export function child(node: Located, token: string): Located | undefined {
  if (node.kind === "object") return node.members.findLast((member) => member.key === token)?.node;
  if (node.kind === "array" && /^(0|[1-9]\d*)$/.test(token)) return node.items[Number(token)];
  return undefined;
}
