import { expect } from "vitest";
import type { Client } from "../client.js";
import type { Case } from "./case.js";

/** Every page of a list. */
async function pages(client: Client, method: string, member: string): Promise<any[][]> {
  const found: any[][] = [];
  let params = {};
  do {
    const { result } = await client.request(method, params);
    found.push(result[member]);
    params = result.nextCursor === undefined ? {} : { cursor: result.nextCursor };
  } while (Object.keys(params).length > 0);
  return found;
}

const lists: readonly [string, string, readonly string[]][] = [
  [
    "tools/list",
    "tools",
    ["echo", "sum", "range", "fail", "content", "progress", "log", "wait", "waited", "ask", "change"],
  ],
  ["resources/list", "resources", ["static", "watched", "broken"]],
  ["resources/templates/list", "resourceTemplates", ["square", "file", "root"]],
  ["prompts/list", "prompts", ["review", "greeting", "broken"]],
];

export const listing: readonly Case[] = lists.map(([method, member, names]) => ({
  name: `${method}: in pages, each entry once, in order; no cursor but those it gave`,
  async run(client) {
    const found = await pages(client, method, member);
    expect(found.flat().map(({ name }) => name)).toEqual(names);
    expect(found.map((page) => page.length)).toEqual(
      Array.from({ length: Math.ceil(names.length / 2) }, (_, page) => Math.min(2, names.length - 2 * page)),
    );
    const { result } = await client.request(method);
    expect(result).toMatchObject(client.modern ? { resultType: "complete", ttlMs: 0, cacheScope: "private" } : {});
    if (!client.modern) expect(Object.keys(result).sort()).toEqual(["nextCursor", member].sort());
    for (const cursor of ["", "x", 7, {}, btoa("page 1"), btoa("page 99")]) {
      const { error } = await client.request(method, { cursor });
      expect(error).toMatchObject({ code: -32602, message: "unknown cursor" });
    }
  },
}));
