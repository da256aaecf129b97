import { McpError } from "@mcpc/runtime";
import { text, ToolError } from "@mcpc/runtime/testing";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import { createClient as createConfig } from "../../fixtures/app-config/generated/client.js";
import { createClient as createRates } from "../../fixtures/cached/generated/client.js";
import { createClient as createReview } from "../../fixtures/code-review/generated/client.js";
import { createClient, type Options } from "../../fixtures/everything/generated/client.js";
import { createClient as createArchive } from "../../fixtures/long-job/generated/client.js";
import { createClient as createMonitored } from "../../fixtures/monitored/generated/client.js";
import { createClient as createWeather } from "../../fixtures/weather/generated/client.js";
import { createSettings } from "../../runtime/config/settings.js";
import { withOptions } from "../../runtime/protocol/define-server.js";
import { createClient as connect, type Client } from "../../runtime/testing/index.js";
import { serverWith } from "../runtime/surface.js";

const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

const answers: Options = {
  elicit: {
    confirm: ({ message }) => ({ action: "accept", content: { ok: true, confirm: message.includes("notes") } }),
    user_name: { action: "accept", content: { name: "Ada" } },
    first: async ({ message }) => ({
      action: "accept",
      content: message === "The first?" ? { confirm: true } : { name: "Ada" },
    }),
    second: ({ message }) =>
      message === "The second?" ? { action: "decline" } : { action: "accept", content: { color: "blue" } },
    user_context: { action: "decline" },
  },
  sample: ({ messages }) => `An answer to ${messages.length}.`,
  roots: [{ uri: "file:///work", name: "work" }],
};

/** Closed with the test. */
const closing = <C extends { close(): Promise<void> }>(client: C): C => {
  onTestFinished(() => client.close());
  return client;
};

describe.each(versions)("%s", (protocolVersion) => {
  test("tools give what their handlers return, typed; errors have code, message and data", async () => {
    const { tools } = closing(createWeather({ protocolVersion }));
    const weather = await tools.get_weather({ city: "Oslo" });
    expectTypeOf(weather.unit).toEqualTypeOf<"celsius" | "fahrenheit">();
    expect(weather).toEqual({ city: "Oslo", temperature: 3, unit: "celsius", conditions: "snow" });
    expect((await tools.list_cities()).cities).toContain("Oslo");
    const unknown = await tools.get_weather({ city: "Atlantis" }).catch((error: unknown) => error);
    expect(unknown).toBeInstanceOf(ToolError);
    expect(unknown).toMatchObject({
      code: "unknownCity",
      message: "No such city: Atlantis. list_cities names those there are.",
      data: { city: "Atlantis" },
    });
    // @ts-expect-error -- no such unit
    await expect(tools.get_weather({ city: "Oslo", unit: "kelvin" })).rejects.toMatchObject({
      code: undefined,
      message: 'invalid arguments: "unit" must be one of "celsius","fahrenheit", got "kelvin"',
    });
    // @ts-expect-error -- a city is needed
    await expect(tools.get_weather()).rejects.toThrow('must have the property "city"');
    // @ts-expect-error -- no such tool
    await expect(tools.get_climate({})).rejects.toMatchObject({ name: "McpError", code: -32602 });
  });

  test("a result that is no object is what the handler returned; content is content", async () => {
    const { tools } = closing(createClient({ protocolVersion }));
    expect(await tools.list_numbers()).toEqual([1, 2, 3]);
    const greeting = await tools.greet({ name: "Ada" });
    expect(greeting).toEqual([{ type: "text", text: "Hello, Ada!" }]);
    expect(text(greeting)).toBe("Hello, Ada!");
  });

  test("resources and templates are read, prompts got, arguments completed", async () => {
    const config = closing(createConfig({ protocolVersion }));
    expect(text(await config.resources.read("config://app/motd"))).toBe("Be kind to each other.");
    const [section] = await config.resources.read("config://app/{section}", { section: "theme" });
    expect(section).toMatchObject({ uri: "config://app/theme", mimeType: "application/json" });
    // @ts-expect-error -- another variable
    await config.resources.read("config://app/{section}", { part: "theme" }).catch(() => {});
    await expect(config.resources.read("config://elsewhere")).rejects.toMatchObject({
      code: protocolVersion < "2026" ? -32002 : -32602,
      data: { uri: "config://elsewhere" },
    });
    const review = closing(createReview({ protocolVersion }));
    const { messages } = await review.prompts["code-review"]({ code: "print(1)", focus: "style" });
    expect(text(messages.map(({ content }) => content))).toContain("python code, with an eye on style");
    await expect(review.prompts["code-review"]({ code: 1 as never })).rejects.toBeInstanceOf(McpError);
    expect(await review.complete({ prompt: "code-review", argument: "focus", value: "st" })).toEqual(["style"]);
    expect(
      await closing(createClient({ protocolVersion })).complete({
        prompt: "test_prompt_with_arguments",
        argument: "arg1",
        value: "te",
      }),
    ).toEqual(["test", "testing", "tester"]);
  });

  test("progress, log messages and changes are seen", async () => {
    const client = closing(createClient({ protocolVersion }));
    const seen: unknown[] = [];
    const off = client.on("log", ({ level, data }) => seen.push([level, data]));
    await client.tools.test_tool_with_logging();
    off();
    await client.tools.test_tool_with_logging();
    expect(seen).toEqual([
      ["info", "Tool execution started"],
      ["info", "Tool processing data"],
      ["info", "Tool execution completed"],
    ]);
    const steps: unknown[] = [];
    await client.tools.test_tool_with_progress({}, { onProgress: (step) => steps.push(step) });
    const message = (done: number) => (protocolVersion === "2024-11-05" ? {} : { message: `${done} of 100` });
    expect(steps).toEqual([0, 50, 100].map((done) => ({ progress: done, total: 100, ...message(done) })));
    const failing = client.tools.test_tool_with_progress({}, { onProgress: () => expect.fail("in the listener") });
    await expect(failing).rejects.toThrow("in the listener");

    const changes = client.events("toolsChanged");
    const updates = client.events("resourceUpdated");
    await client.tools.test_trigger_tool_change();
    expect(await changes.next()).toEqual({ done: false, value: undefined });
    await client.tools.test_trigger_resource_update();
    await client.resources.subscribe("test://watched-resource");
    await client.tools.test_trigger_resource_update();
    expect((await updates.next()).value).toEqual({ uri: "test://watched-resource" });
    await client.resources.unsubscribe("test://watched-resource");
    await client.tools.test_trigger_resource_update();
    await client.close();
    // The other two updates came before the subscription, and after it.
    expect(await updates.next()).toEqual({ done: true, value: undefined });
    const unsubscribable = closing(createWeather({ protocolVersion }));
    await expect(unsubscribable.resources.subscribe("x:y")).rejects.toMatchObject({ code: -32601 });
  });

  test("a signal cancels: the call rejects with its reason, and the handler's signal is aborted", async () => {
    let tell: (reason: string) => void;
    const aborted = new Promise<string>((resolve) => (tell = resolve));
    const handler = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<string>((_, reject) =>
        signal.addEventListener("abort", () => {
          tell((signal.reason as Error).message);
          reject(signal.reason as Error);
        }),
      );
    const client = closing(connect(serverWith({ wait: handler }), { protocolVersion }));
    const controller = new AbortController();
    const waiting = client.tools["wait"]!({}, { signal: controller.signal });
    void client.listTools().then(() => controller.abort(new Error("enough")));
    await expect(waiting).rejects.toThrow("enough");
    expect(await aborted).toBe("cancelled by the client: enough");
  });

  test("a failure that clients are told nothing of is told to the test", async () => {
    const broken = serverWith({
      break: () => {
        throw new RangeError("the disk is full");
      },
    });
    const client = closing(connect(broken, { protocolVersion }));
    const error = await client.tools["break"]!().catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "ToolError", message: expect.stringMatching(/^internal error [\da-f]{8};/) });
    expect((error as Error).cause).toMatchObject({ stack: expect.stringContaining("RangeError: the disk is full") });
    expect(String(((error as Error).cause as Error).stack)).toContain("in-memory.test.ts");
  });
});

/** Before, a user could not be asked. */
describe.each(versions.slice(2))("%s", (protocolVersion) => {
  test("the test answers in place of the user, the model and the client", async () => {
    const { tools, prompts } = closing(createClient({ ...answers, protocolVersion }));
    const said = async (content: Promise<readonly object[]>): Promise<string> => text(await content);
    expect(await said(tools.confirm_delete({ filename: "notes.txt" }))).toBe("Deleted notes.txt.");
    expect(await said(tools.confirm_delete({ filename: "other.txt" }))).toBe("Kept other.txt.");
    expect(await said(tools.test_input_required_result_multi_round())).toBe("Ada likes blue.");
    expect(await said(tools.test_input_required_result_sampling())).toBe("An answer to 1.");
    expect(await said(tools.test_input_required_result_list_roots())).toBe("The client works in work.");
    const inputs = JSON.parse(await said(tools.test_input_required_result_multiple_inputs()));
    expect(inputs).toMatchObject({ name: { content: { name: "Ada" } }, folders: [{ name: "work" }] });
    const { messages } = await prompts.test_input_required_result_prompt();
    expect(messages).toEqual([{ role: "user", content: { type: "text", text: "Let us talk." } }]);
  });

  test("what the test does not answer fails the call, and says how to answer it", async () => {
    const none = closing(createClient({ protocolVersion }));
    await expect(none.tools.confirm_delete({ filename: "a" })).rejects.toThrow("a client that supports elicitation");
    const others = closing(createClient({ protocolVersion, elicit: {} }));
    await expect(others.tools.confirm_delete({ filename: "a" })).rejects.toThrow(
      'the server asks the question "confirm" ("Delete a?"), and the test has no answer: give the client `elicit: { "confirm": … }`',
    );
    const wrong = closing(
      createClient({ protocolVersion, elicit: { confirm: { action: "accept", content: 1 as never } } }),
    );
    await expect(wrong.tools.confirm_delete({ filename: "a" })).rejects.toThrow();
    const thrown = new Error("from the test");
    const throwing = closing(createClient({ protocolVersion, elicit: { confirm: () => Promise.reject(thrown) } }));
    await expect(throwing.tools.confirm_delete({ filename: "a" })).rejects.toBe(thrown);
  });
});

test("tasks are followed to their end, where the client is of a revision that has them", async () => {
  const { tools, callTool } = closing(createClient(answers));
  await expect(tools.failing_job()).rejects.toThrow("The job failed, as it was meant to.");
  await expect(tools.protocol_error_job()).rejects.toMatchObject({ name: "McpError", code: -32603 });
  expect(JSON.parse(text(await tools.multi_input()))).toEqual([
    { action: "accept", content: { confirm: true } },
    { action: "decline" },
  ]);
  const controller = new AbortController();
  const slow = tools.slow_compute({ seconds: 60 }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await expect(slow).rejects.toThrow("enough");
  expect(await callTool("test_error_handling")).toMatchObject({ isError: true });
});

test("each client has a server of its own, unless it is connected to another's", async () => {
  const [one, other] = [closing(createClient()), closing(createClient())];
  const beside = closing(createClient({ protocolVersion: "2025-11-25", clientInfo: { name: "b", version: "1" } }, one));
  const told: string[] = [];
  for (const [name, client] of Object.entries({ one, other, beside })) {
    client.on("promptsChanged", () => told.push(name));
    await client.listTools();
  }
  await beside.tools.test_trigger_prompt_change();
  expect(told.sort()).toEqual(["beside", "one"]);
});

describe("two servers of one process share nothing", () => {
  test("not what they keep, nor what they forget", async () => {
    const [one, other] = [closing(createRates()), closing(createRates())];
    const asked = { currency: "EUR", unit: "USD" };
    const first = await one.tools.get_rate(asked);
    const second = await other.tools.get_rate(asked);
    // Each has looked it up by itself, and kept it.
    expect(second.lookup).toBeGreaterThan(first.lookup);
    expect([await one.tools.get_rate(asked), await other.tools.get_rate(asked)]).toEqual([first, second]);
    await other.tools.set_rate({ currency: "EUR", dollars: 3 });
    expect((await other.tools.get_rate(asked)).rate).toBe(3);
    expect(await one.tools.get_rate(asked)).toEqual(first);
  });

  test("not how many handlers may run", async () => {
    const [one, other] = [closing(createArchive()), closing(createArchive())];
    const jobs = Array.from({ length: 5 }, () => one.callTool("index_pages", { pages: 100_000, msPerPage: 1000 }));
    for (const job of jobs) job.catch(() => {});
    // Two run and two wait.
    expect(await jobs[4]).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("is busy") }] });
    expect(await other.tools.index_pages({ pages: 1, msPerPage: 0 })).toEqual({ indexed: 1 });
  });

  test("not whether they are well", async () => {
    const [one, other] = [closing(createMonitored()), closing(createMonitored())];
    await expect(one.tools.pay_bill({ account: "XX99", amount: 1 })).rejects.toThrow("The bank does not answer");
    expect((await one.tools.health_check()).status).toBe("failing");
    expect((await other.tools.health_check()).status).toBe("ok");
  });
});

test("lists are whole, in the form of the revision", async () => {
  const modern = closing(createClient());
  expect((await modern.listTools()).length).toBeGreaterThan(30);
  expect(await modern.listResourceTemplates()).toHaveLength(1);
  expect((await modern.listResources()).length + (await modern.listPrompts()).length).toBe(9);
  expect(Object.keys(await modern.request("server/discover"))).toContain("supportedVersions");
  const old = closing(createClient({ protocolVersion: "2024-11-05" }));
  expect(Object.keys((await old.listTools())[0]!)).not.toContain("title");
});

test("a revision that there is not is refused by name; a closed client answers nothing more", async () => {
  expect(() => createClient({ protocolVersion: "2023-01-01" })).toThrow(
    /no protocol revision "2023-01-01"; there are 2024/,
  );
  const client: Client = connect(serverWith({ wait: () => new Promise<string>(() => {}) }));
  const waiting = client.tools["wait"]!();
  void client.listTools().then(() => client.close());
  await expect(waiting).rejects.toThrow("the client is closed");
  // What waits for the object itself does not take it for a promise.
  expect(await Promise.resolve(client.tools)).toBe(client.tools);
});

test("templates are filled in as servers read them", async () => {
  const { expand } = await import("../../runtime/testing/uri.js");
  const cases: [string, object, string][] = [
    ["x://{a}/{b}", { a: "1 2", b: "ü/!" }, "x://1%202/%C3%BC%2F%21"],
    ["x://{+path}", { path: "a/b c" }, "x://a/b%20c"],
    ["x://f{/dirs*}", { dirs: "a/b c" }, "x://f/a/b%20c"],
    ["x://s{?q,limit}", { q: "a&b", limit: 5 }, "x://s?q=a%26b&limit=5"],
    ["x://s{?q,limit}", {}, "x://s"],
    ["x://s?fixed=1{&q}", { q: true }, "x://s?fixed=1&q=true"],
    ["x://{a:2}{.ext}{;p,e}{#frag}", { a: "abc", ext: "json", p: 1, e: "", frag: "a/b" }, "x://ab.json;p=1;e#a/b"],
  ];
  for (const [template, variables, uri] of cases) expect(expand(template, variables as never)).toBe(uri);
});

test("settings and state come from the test, or are made once as ever; close stops what was started", async () => {
  const happened: string[] = [];
  const setting = { name: "unit", env: "MADE_UNIT", type: "string", default: "celsius" } as const;
  const room = { name: "room", env: "MADE_ROOM", type: "string" } as const;
  const required = (value: unknown): boolean => "room" in (value as object);
  const settings = createSettings([setting, room], async () => ({ settings: Object.assign(required, { errors: [] }) }));
  const tell = (_: unknown, { config, state }: any) => JSON.stringify({ config, state });
  const made = withOptions(serverWith({ tell }), {
    settings,
    hooks: {
      onStart: ({ config }) => void happened.push(`start ${config.room}`),
      onStop: () => void happened.push("stop"),
    },
  });
  const told = async (client: Client): Promise<unknown> => JSON.parse(text(await client.tools["tell"]!()));
  const started = connect(made, { config: { room: "kitchen" } });
  const beside = connect(started);
  expect(await told(started)).toEqual({ config: { unit: "celsius", room: "kitchen" } });
  expect(await told(beside)).toEqual(await told(started));
  await beside.close();
  expect(happened).toEqual(["start kitchen"]);
  await started.close();
  expect(happened).toEqual(["start kitchen", "stop"]);
  const given = connect(made, { config: { room: "hall", unit: "fahrenheit" }, state: { pool: "a fake" } });
  expect(await told(given)).toEqual({ config: { unit: "fahrenheit", room: "hall" }, state: { pool: "a fake" } });
  await given.close();
  expect(happened).toEqual(["start kitchen", "stop"]);
  const failing = closing(
    connect(withOptions(made, { hooks: { onStart: () => Promise.reject(new Error("no database")) } }), {
      config: { room: "x" },
    }),
  );
  await expect(failing.listTools()).rejects.toThrow("no database");
});
