import { expect } from "vitest";
import { content, expectStatus, text, type Case } from "./case.js";

export const calls: readonly Case[] = [
  {
    name: "calls: a text, many blocks, an object, a list",
    async run({ call, modern, version }) {
      expect((await call("echo", { text: "é🚀\u2028", times: 2 })).result).toMatchObject({
        content: [
          { type: "text", text: "é🚀\u2028" },
          { type: "text", text: "é🚀\u2028" },
        ],
      });
      const known = version >= "2025-06-18";
      const { result } = await call("sum", { numbers: [1, 2, 3.5] });
      expect(JSON.parse(result.content[0].text)).toEqual({ sum: 6.5 });
      expect(result.structuredContent).toEqual(known ? { sum: 6.5 } : undefined);
      const range = await call("range");
      expect(content(range)).toEqual([1, 2, 3]);
      expect(range.result.structuredContent).toEqual(modern ? [1, 2, 3] : known ? { result: [1, 2, 3] } : undefined);
      expect(range.result.resultType).toBe(modern ? "complete" : undefined);
      expect(range.result.isError).toBeUndefined();
    },
  },
  {
    name: "a failure that the manifest declares is for the model to read",
    async run({ call }) {
      const { result } = await call("fail", { how: "declared" });
      expect(result).toMatchObject({
        isError: true,
        content: [{ type: "text", text: "Refused: as told." }],
        _meta: { "mcpc/error": { code: "refused", data: { why: "as told" } } },
      });
    },
  },
  {
    name: "a protocol error goes out as it is",
    async run(client) {
      const answer = await client.call("fail", { how: "protocol" });
      expect(answer.error).toEqual({ code: 4711, message: "No.", data: { why: "as told" } });
      expectStatus(client, answer, 200);
    },
  },
  {
    name: "any other failure tells nothing but an id: of a tool, a resource, a prompt",
    async run({ call, request }) {
      const answers = [
        await call("fail", { how: "internal" }),
        await request("resources/read", { uri: "contract://broken" }),
        await request("prompts/get", { name: "broken" }),
      ];
      expect(answers[0].result).toMatchObject({ isError: true });
      expect(answers.slice(1).map(({ error }) => error.code)).toEqual([-32603, -32603]);
      for (const answer of answers) {
        expect(JSON.stringify(answer)).toMatch(/internal error [0-9a-f]{8}; the server's log explains it/);
        expect(JSON.stringify(answer)).not.toMatch(/secret|\.ts|\.js/);
      }
    },
  },
  {
    name: "invalid arguments are for the model to read: what, and what is expected",
    async run({ call }) {
      const wrong: readonly [object, RegExp][] = [
        [{}, /must have the property "text"/],
        [{ text: "" }, /"text" must have at least 1 character/],
        [{ text: 7 }, /"text" must be of type string/],
        [{ text: "a", times: 4 }, /"times" must be <= 3/],
        [{ text: "a", more: 1 }, /"more"/],
      ];
      for (const [input, words] of wrong) {
        const answer = await call("echo", input);
        expect(answer.result.isError).toBe(true);
        expect(text(answer)).toMatch(words);
      }
    },
  },
  {
    name: "what is not there, and params of the wrong type, have the codes of the revision",
    async run(client) {
      const missing = client.modern ? -32602 : -32002;
      const wrong: readonly [string, object, number][] = [
        ["tools/call", { name: "none" }, -32602],
        ["tools/call", {}, -32602],
        ["tools/call", { name: 7 }, -32602],
        ["tools/call", { name: "echo", arguments: [] }, -32602],
        ["tools/call", { name: "echo", arguments: [1] }, -32602],
        ["prompts/get", { name: "none" }, -32602],
        ["prompts/get", { name: "review", arguments: [] }, -32602],
        ["resources/read", {}, -32602],
        ["resources/read", { uri: "contract://none" }, missing],
        ["resources/read", { uri: "contract://files/elsewhere" }, missing],
        ["resources/read", { uri: "file:///etc/passwd" }, missing],
      ];
      for (const [method, params, code] of wrong) {
        const answer = await client.request(method, params);
        expect([method, params, answer.error?.code]).toEqual([method, params, code]);
        expectStatus(client, answer, 200);
        const { uri } = params as { uri?: string };
        if (uri !== undefined) expect(answer.error.data).toEqual({ uri });
      }
    },
  },
  {
    name: "resources: static, made by a handler, from a template with a checked variable",
    async run({ request, modern }) {
      const read = async (uri: string) => (await request("resources/read", { uri })).result;
      const contract = (name: string) => `contract://${name}`;
      const caching = modern ? { ttlMs: 0, cacheScope: "private" } : {};
      expect(await read(contract("static"))).toMatchObject({
        contents: [{ uri: contract("static"), mimeType: "text/plain", text: "Never changes." }],
        ...caching,
      });
      expect((await read(contract("watched"))).contents).toEqual([
        { uri: contract("watched"), mimeType: "text/plain", text: "Watched." },
      ]);
      expect(await read(contract("squares/12"))).toMatchObject({
        contents: [{ uri: contract("squares/12"), mimeType: "application/json", text: "144" }],
        ...caching,
      });
      expect((await read(contract("files/there"))).contents[0].text).toBe("Here.");
      const { error } = await request("resources/read", { uri: contract("squares/x") });
      expect(error).toMatchObject({
        code: -32602,
        message: expect.stringContaining('"number" must be of type integer'),
      });
    },
  },
];
