import type { Located } from "../model/source.js";

/** The tokens of a JSON pointer (RFC 6901), unescaped. */
export function pointerTokens(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A JSON pointer to a path of tokens. */
export function pointer(tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The node a path of tokens leads to, or undefined. */
export function locate(root: Located, tokens: readonly string[]): Located | undefined {
  let node: Located | undefined = root;
  for (const token of tokens) node = node && child(node, token);
  return node;
}

/** The deepest node on the way that exists: where to point when the target itself is missing. */
export function locateNearest(root: Located, tokens: readonly string[]): Located {
  let node = root;
  for (const token of tokens) {
    const next = child(node, token);
    if (!next) return node;
    node = next;
  }
  return node;
}

/** A member by key, or an item by index. */
export function child(node: Located, token: string): Located | undefined {
  if (node.kind === "object") return node.members.findLast((member) => member.key === token)?.node;
  if (node.kind === "array" && /^(0|[1-9]\d*)$/.test(token)) return node.items[Number(token)];
  return undefined;
}
