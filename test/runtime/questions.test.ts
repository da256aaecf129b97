import { afterEach, describe, expect, test, vi } from "vitest";
import { isObject } from "../../runtime/protocol/json-rpc.js";
import { serverWith } from "./surface.js";
import { converse } from "./conversation.js";

afterEach(() => {
  vi.useRealTimers();
});

const text = { role: "user", content: { type: "text", text: "?" } };
const fields = {
  name: { type: "string", default: "Ada" },
  size: { type: "string", oneOf: [{ const: "s", title: "Small" }, { const: "l" }], default: "s" },
  sure: { type: "boolean", default: true },
};
const elicitations = new Map<string, any>([
  ["form", { message: "?", requestedSchema: { type: "object", properties: fields } }],
  ["several", { message: "?", requestedSchema: { type: "object", properties: { all: { type: "array" } } } }],
  ["page", { message: "?", url: "https://example.com/{path}" }],
]);

/** A tool that asks one thing, told by its arguments, and answers with what it got. */
const asking = serverWith(
  {
    t: (async ({ sample, elicit, roots }: any, context: any) =>
      JSON.stringify(
        sample
          ? await context.sample(sample)
          : roots
            ? await context.roots()
            : await context.elicit[elicit]({ path: "a" }),
      )) as never,
  },
  { surface: { elicitations } },
);

const sampling = (more: object) => ({ sample: { messages: [text], maxTokens: 5, ...more } });
const context = sampling({ includeContext: "thisServer" });
const tools = sampling({ tools: [] });

describe("what the client has not declared is not asked of it", () => {
  const refusals: readonly [string, object, object, string][] = [
    ["2026-07-28", {}, sampling({}), "sampling"],
    ["2026-07-28", { sampling: {} }, tools, "sampling.tools"],
    ["2026-07-28", { sampling: {} }, sampling({ toolChoice: { mode: "auto" } }), "sampling.tools"],
    ["2026-07-28", { sampling: { tools: {} } }, context, "sampling.context"],
    ["2026-07-28", {}, { roots: true }, "roots"],
    ["2026-07-28", {}, { elicit: "form" }, "elicitation.form"],
    ["2026-07-28", { elicitation: { url: {} } }, { elicit: "form" }, "elicitation.form"],
    ["2026-07-28", { elicitation: {} }, { elicit: "page" }, "elicitation.url"],
    ["2025-11-25", { sampling: {} }, tools, "sampling.tools"],
    ["2025-11-25", { sampling: {} }, context, "sampling.context"],
    ["2025-11-25", { elicitation: { form: {} } }, { elicit: "page" }, "elicitation.url"],
    // Later words say nothing in a revision that does not know them.
    ["2025-06-18", { sampling: { tools: {} } }, tools, "sampling.tools"],
    ["2025-06-18", { elicitation: { url: {} } }, { elicit: "page" }, "elicitation.url"],
    ["2025-03-26", { elicitation: {} }, { elicit: "form" }, "elicitation.form"],
    ["2024-11-05", { elicitation: {} }, { elicit: "form" }, "elicitation.form"],
  ];
  test.each(refusals)("%s, %j: %j needs %s", async (version, capabilities, input, needed) => {
    const { request, waiting } = await converse(asking, version, capabilities);
    const { error, result } = await request("tools/call", { name: "t", arguments: input });
    const message = `this needs a client that supports ${needed}`;
    const [name, part] = needed.split(".") as [string, string?];
    const requiredCapabilities = { [name]: part === undefined ? {} : { [part]: {} } };
    if (version === "2026-07-28") expect(error).toEqual({ code: -32021, message, data: { requiredCapabilities } });
    else expect(result).toEqual({ content: [{ type: "text", text: message }], isError: true });
    expect(waiting).toEqual([]);
  });

  const questions: readonly [string, object, object, string, object][] = [
    ["2025-11-25", { sampling: { tools: {}, context: {} } }, tools, "sampling/createMessage", { tools: [] }],
    ["2025-11-25", { sampling: { context: {} } }, context, "sampling/createMessage", { includeContext: "thisServer" }],
    // There was no word for it, so whoever could sample could do it.
    ["2025-06-18", { sampling: {} }, context, "sampling/createMessage", { includeContext: "thisServer" }],
    ["2024-11-05", { sampling: {} }, context, "sampling/createMessage", { includeContext: "thisServer" }],
    ["2024-11-05", { roots: {} }, { roots: true }, "roots/list", {}],
    [
      "2025-11-25",
      { elicitation: {} },
      { elicit: "form" },
      "elicitation/create",
      { requestedSchema: { properties: fields } },
    ],
    [
      "2025-11-25",
      { elicitation: { url: {} } },
      { elicit: "page" },
      "elicitation/create",
      { mode: "url", url: "https://example.com/a", elicitationId: expect.any(String) },
    ],
  ];
  test.each(questions)("%s, %j: %j is asked with %s", async (version, capabilities, input, method, params) => {
    const { request, next } = await converse(asking, version, capabilities);
    void request("tools/call", { name: "t", arguments: input });
    expect(await next()).toMatchObject({ method, params });
  });
});

test("a form reaches a client of 2025-06-18 in its words, and what it has no words for does not", async () => {
  const { request, next, waiting } = await converse(asking, "2025-06-18", { elicitation: {} });
  void request("tools/call", { name: "t", arguments: { elicit: "form" } });
  expect((await next()).params.requestedSchema.properties).toEqual({
    name: { type: "string" },
    size: { type: "string", enum: ["s", "l"], enumNames: ["Small", "l"] },
    sure: { type: "boolean", default: true },
  });
  const { result } = await request("tools/call", { name: "t", arguments: { elicit: "several" } });
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("2025-06-18") }] });
  expect(waiting).toEqual([]);
});

const noAnswers: readonly [object, object, unknown][] = [
  [{ roots: {} }, { roots: true }, { roots: [{ name: "no uri" }] }],
  [{ roots: {} }, { roots: true }, { roots: {} }],
  [{ sampling: {} }, sampling({}), { role: "assistant", content: { type: "text", text: "x" } }],
  [{ sampling: {} }, sampling({}), { role: "nobody", content: {}, model: "m" }],
  [{ sampling: {} }, sampling({}), { role: "assistant", content: "x", model: "m" }],
  [{ elicitation: {} }, { elicit: "form" }, { action: "perhaps" }],
];
test.each(noAnswers)(
  "%j, %j: %j is no answer, and the handler does not see it",
  async (capabilities, input, result) => {
    const { request, next, send } = await converse(asking, "2025-11-25", capabilities);
    const answer = request("tools/call", { name: "t", arguments: input });
    send({ id: (await next()).id, result });
    expect((await answer).result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^internal/) }],
    });
  },
);

const confirmed: readonly [version: string, answer: object, sees: object][] = [
  ["2025-11-25", { action: "accept" }, { action: "accept", content: {} }],
  ["2025-11-25", { action: "accept", content: null }, { action: "accept", content: {} }],
  ["2025-11-25", { action: "accept", content: { name: "Ada" } }, { action: "accept", content: { name: "Ada" } }],
  ["2025-11-25", { action: "decline", content: {} }, { action: "decline" }],
  ["2026-07-28", { action: "accept" }, { action: "accept", content: {} }],
  ["2026-07-28", { action: "accept", content: null }, { action: "accept", content: {} }],
];
test.each(confirmed)("%s: a form that is answered with %j", async (version, answer, sees) => {
  const validators: any = Object.assign((value: unknown) => isObject(value), { errors: null });
  const server = serverWith(
    { t: (async (_: unknown, { elicit }: any) => JSON.stringify(await elicit.form())) as never },
    { surface: { elicitations }, answers: { form: validators } },
  );
  const { request, next, send } = await converse(server, version, { elicitation: {} });
  const call = { name: "t", arguments: {} };
  if (version === "2026-07-28") {
    const { requestState } = (await request("tools/call", call)).result;
    const { result } = await request("tools/call", { ...call, requestState, inputResponses: { form: answer } });
    return expect(JSON.parse(result.content[0].text)).toEqual(sees);
  }
  const asked = request("tools/call", call);
  send({ id: (await next()).id, result: answer });
  expect(JSON.parse((await asked).result.content[0].text)).toEqual(sees);
});

describe("a time limit", () => {
  const limited = (work: (context: any) => Promise<unknown>) =>
    serverWith(
      { t: ((_input: unknown, given: any) => work(given)) as never },
      { surface: { timeoutMs: 1000, elicitations } },
    );
  const accepted = { action: "accept", content: { name: "Ada" } };
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  test.each(["at once", "after some time"])(
    "stands still while a user thinks about a question asked %s",
    async (when) => {
      vi.useFakeTimers();
      const work = async ({ elicit }: any) => {
        if (when !== "at once") await pause(600);
        const answer = await elicit.form();
        await pause(300);
        return answer.content.name;
      };
      const { request, next, send } = await converse(limited(work), "2025-11-25", { elicitation: {} });
      const answer = request("tools/call", { name: "t" });
      await vi.advanceTimersByTimeAsync(600);
      const { id } = await next();
      await vi.advanceTimersByTimeAsync(5 * 60_000);
      send({ id, result: accepted });
      await vi.advanceTimersByTimeAsync(300);
      expect((await answer).result.content[0].text).toBe("Ada");
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("goes on from where it stood: what was used before the question is used up", async () => {
    vi.useFakeTimers();
    const work = async ({ elicit }: any) => {
      await pause(600);
      await elicit.form();
      await pause(500);
      return "too late";
    };
    const { request, next, send } = await converse(limited(work), "2025-11-25", { elicitation: {} });
    const answer = request("tools/call", { name: "t" });
    await vi.advanceTimersByTimeAsync(600);
    send({ id: (await next()).id, result: accepted });
    await vi.advanceTimersByTimeAsync(500);
    expect((await answer).result.content[0].text).toBe('"t" timed out after 1000 ms');
    expect(vi.getTimerCount()).toBe(0);
  });

  test("of two questions at once, stands still until both are answered", async () => {
    vi.useFakeTimers();
    const work = async ({ elicit }: any) => {
      await Promise.all([elicit.form(), elicit.form()]);
      return "done";
    };
    const { request, next, send } = await converse(limited(work), "2025-11-25", { elicitation: {} });
    const answer = request("tools/call", { name: "t" });
    const ids = [(await next()).id, (await next()).id];
    for (const id of ids) {
      await vi.advanceTimersByTimeAsync(60_000);
      send({ id, result: accepted });
    }
    expect((await answer).result.content[0].text).toBe("done");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a question that is open when the handler ends is taken back, and leaves no timer", async () => {
    vi.useFakeTimers();
    const work = ({ elicit }: any) => Promise.race([elicit.form(), Promise.resolve("without you")]);
    const { request, next, connection } = await converse(limited(work), "2025-11-25", { elicitation: {} });
    const answer = request("tools/call", { name: "t" });
    const { id } = await next();
    expect(await next()).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
    expect((await answer).result.content[0].text).toBe("without you");
    expect([vi.getTimerCount(), connection.requestCount()]).toEqual([0, 0]);
  });
});
