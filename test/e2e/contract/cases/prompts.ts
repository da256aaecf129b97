import { expect } from "vitest";
import { promptContents } from "../projections.js";
import type { Case } from "./case.js";

export const prompts: readonly Case[] = [
  {
    name: "completion: a function, an enum, a template's variable; at most 100 values; what is unknown",
    async run({ request }) {
      const complete = (ref: object, name: string, value: string) =>
        request("completion/complete", { ref, argument: { name, value } });
      const prompt = (name: string) => ({ type: "ref/prompt", name });
      const template = (uri: string) => ({ type: "ref/resource", uri });
      const values = async (...given: Parameters<typeof complete>) => (await complete(...given)).result.completion;
      expect(await values(prompt("review"), "reader", "A")).toEqual({
        values: ["Ada", "Alan"],
        total: 2,
        hasMore: false,
      });
      expect((await values(prompt("review"), "language", "r")).values).toEqual(["Rust"]);
      expect((await values(prompt("review"), "code", "")).values).toEqual([]);
      const squares = await values(template("contract://squares/{number}"), "number", "");
      expect([squares.values.length, squares.total, squares.hasMore]).toEqual([100, 150, true]);
      for (const [ref, name] of [
        [prompt("none"), "code"],
        [prompt("review"), "none"],
        [template("contract://none/{x}"), "x"],
        [{ type: "ref/tool", name: "echo" }, "text"],
      ] as const)
        expect((await complete(ref, name, "")).error.code).toBe(-32602);
      expect((await request("completion/complete", {})).error.code).toBe(-32602);
    },
  },
  {
    name: "a templated prompt: defaults, choices, what is required; its blocks as the revision knows them",
    async run({ request, version }) {
      const get = (input?: object) => request("prompts/get", { name: "review", ...(input && { arguments: input }) });
      const code = 'print("\\u2028 {{language}}")\n\u2028';
      const { result } = await get({ code, reader: "Ada" });
      expect(result.description).toBe("A review of code.");
      expect(result.messages).toEqual([
        { role: "user", content: { type: "text", text: `Review this C for Ada: ${code}` } },
        ...promptContents(version),
      ]);
      expect((await get({ code: "", language: "Rust" })).result.messages[0].content.text).toBe(
        "Review this Rust for : ",
      );
      for (const [input, words] of [
        [undefined, /"code" is required/],
        [{ code: 7 }, /"code" must be a string/],
        [{ code: "", language: "Java" }, /"language" must be one of \["C","Rust"\]/],
        [{ code: "", more: "" }, /has no argument "more"/],
      ] as const)
        expect((await get(input)).error).toMatchObject({ code: -32602, message: expect.stringMatching(words) });
    },
  },
];
