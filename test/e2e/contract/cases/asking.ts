import { expect } from "vitest";
import { type Answering, type Client } from "../client.js";
import { content, expectStatus, text, user, withElicitation, type Case } from "./case.js";

async function asks(client: Client, what: string, answer: Answering = user) {
  return client.converse("tools/call", { name: "ask", arguments: { what } }, answer);
}

export const asking: readonly Case[] = [
  ...(
    [
      ["user", ["elicitation/create"], { action: "accept", content: { name: "Ada" } }, withElicitation],
      ["model", ["sampling/createMessage"], { type: "text", text: "Paris" }, undefined],
      ["roots", ["roots/list"], [{ uri: "file:///work", name: "work" }], undefined],
      ["twice", ["elicitation/create", "elicitation/create"], ["Ada", "blue"], withElicitation],
      [
        "at once",
        ["elicitation/create", "sampling/createMessage", "roots/list"],
        ["accept", { type: "text", text: "Paris" }, "file:///work"],
        withElicitation,
      ],
    ] as const
  ).map(([what, methods, said, without]): Case => ({
    name: `a handler asks (${what})`,
    session: true,
    ...(without && { without }),
    async run(client) {
      const { answer, asked } = await asks(client, what);
      expect([asked, content(answer)]).toEqual([methods, said]);
    },
  })),
  ...(["decline", "cancel"] as const).map((action): Case => ({
    name: `a user who answers "${action}"`,
    session: true,
    without: withElicitation,
    async run(client) {
      const { answer } = await asks(client, "user", () => ({ action, content: { name: "hidden" } }));
      expect(content(answer)).toEqual({ action });
    },
  })),
  {
    name: "an answer that does not fit: asked again where it can be, an error of the call where not",
    session: true,
    without: withElicitation,
    async run(client) {
      const answers = [{ action: "accept", content: { name: "" } }, { action: "decline" }];
      const { answer, asked } = await asks(client, "user", () => answers.shift()!);
      if (client.modern) expect([asked.length, content(answer)]).toEqual([2, { action: "decline" }]);
      else expect([asked.length, answer.result.isError]).toEqual([1, true]);
    },
  },
  {
    name: "prompts and resources ask, too",
    session: true,
    without: withElicitation,
    async run(client) {
      const prompt = await client.converse("prompts/get", { name: "greeting" }, user);
      expect([prompt.asked, prompt.answer.result.messages]).toEqual([
        ["elicitation/create"],
        [{ role: "user", content: { type: "text", text: "Greet Ada." } }],
      ]);
      const resource = await client.converse("resources/read", { uri: "contract://roots/0" }, user);
      expect([resource.asked, resource.answer.result.contents]).toEqual([
        ["roots/list"],
        [{ uri: "contract://roots/0", text: "file:///work" }],
      ]);
    },
  },
  {
    name: "a client that cannot be asked is not asked",
    async run({ modern, version }, open) {
      const client = await open({});
      const needs = { user: { elicitation: { form: {} } }, model: { sampling: {} }, roots: { roots: {} } };
      for (const [what, requiredCapabilities] of Object.entries(needs)) {
        const answer = await client.call("ask", { what });
        if (modern) {
          expect(answer.error).toMatchObject({ code: -32021, data: { requiredCapabilities } });
          expectStatus(client, answer, 400);
        } else {
          expect(answer.result.isError).toBe(true);
          expect(text(answer)).toMatch(/^this needs a client that supports (elicitation\.form|sampling|roots)$/);
        }
      }
      const prompt = await client.request("prompts/get", { name: "greeting" });
      expect([version, prompt.error.code]).toEqual([version, modern ? -32021 : -32603]);
      expect(client.link.received).toEqual([]);
      await client.link.close();
    },
  },
  {
    name: "requestState that this server did not give is refused",
    without: (version) => (version === "2026-07-28" ? undefined : "a handler that asks waits for the answer"),
    async run({ request }) {
      const first = await request("tools/call", { name: "ask", arguments: { what: "user" } });
      const { requestState } = first.result;
      const inputResponses = { name: { action: "decline" } };
      const again = (state: unknown, what: string) =>
        request("tools/call", { name: "ask", arguments: { what }, inputResponses, requestState: state });
      expect(content(await again(requestState, "user"))).toEqual({ action: "decline" });
      const last = requestState.at(-1) === "A" ? "Q" : "A";
      for (const state of ["", "x", 7, requestState.slice(0, -1) + last, requestState.slice(4)])
        expect((await again(state, "user")).error?.code).toBe(-32602);
      expect((await again(requestState, "twice")).error.code).toBe(-32602);
    },
  },
];
