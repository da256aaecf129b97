import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { startProcess, type ProcessDefinition } from "../../runtime/node/upstream-process.js";
import { ready, stop } from "../../runtime/protocol/application.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import { createUpstream } from "../../runtime/upstream/upstream.js";
import { converse, type Conversation } from "./conversation.js";
import { serverWith } from "./surface.js";

const script = join(import.meta.dirname, "upstream-server.mjs");
const names =
  "wait cancelled steps pid die ask sample hold garbage fail failed where log update grow stubborn huge".split(" ");

/** A busy machine may take longer than the default of a second. */
const patient = { timeout: 60_000 };

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stop));
});

/** A server whose tools an upstream answers, in a process of its own. */
function proxy(options: Partial<ProcessDefinition> = {}, log: string[] = []): Server {
  const upstream = createUpstream("up", startProcess({ command: process.execPath, args: [script], ...options }));
  const tools = Object.fromEntries(names.map((name) => [name, upstream.tool(name)]));
  const server = serverWith(tools as never, {
    resources: { "a://b": upstream.resource("a://b") as never },
    upstreams: [upstream],
    log: (message, details, level) => void log.push(`${level}: ${message} ${JSON.stringify(details ?? {})}`),
  });
  servers.push(server);
  return server;
}

const answered = async (client: Conversation, name: string, input: object = {}, meta: object = {}): Promise<any> =>
  client.request("tools/call", { name, arguments: input }, meta);
const textOf = ({ result }: any): string => result.content[0].text;

const revisions = ["2025-11-25", "2026-07-28"] as const;

describe.each(revisions)("a client of %s", (version) => {
  test("gets progress in order, before the result", async () => {
    const client = await converse(proxy(), version);
    const result = await answered(client, "steps", { count: 50 }, { progressToken: "mine" });
    expect(textOf(result)).toBe("done");
    expect(client.waiting.map(({ params }) => [params.progressToken, params.progress, params.message])).toEqual(
      Array.from({ length: 50 }, (_, index) => ["mine", index + 1, `step ${index + 1}`]),
    );
  });

  test("cancels, and the upstream gets the cancellation", async () => {
    const client = await converse(proxy(), version);
    void answered(client, "wait", {}, { progressToken: 1 });
    const { method } = await client.next();
    expect(method).toBe("notifications/progress");
    const requestId = version === "2025-11-25" ? "test 2" : "test 1";
    client.send({ method: "notifications/cancelled", params: { requestId, reason: "enough" } });
    await vi.waitFor(async () => expect(textOf(await answered(client, "cancelled"))).toBe('["wait"]'), patient);
  });

  test("is asked twice in one call of the upstream", async () => {
    const client = await converse(proxy(), version, { elicitation: { form: {} } });
    const answers = [
      ["Who?", { action: "accept", content: { name: "Ada" } }],
      ["Who else, Ada?", { action: "accept", content: { name: "Bob" } }],
    ] as const;
    if (version === "2025-11-25") {
      const result = answered(client, "ask");
      for (const [message, content] of answers) {
        const question = await client.next();
        expect(question).toMatchObject({ method: "elicitation/create", params: { message } });
        client.send({ id: question.id, result: content });
      }
      return expect(textOf(await result)).toBe("Ada and Bob in call 1");
    }
    let { result } = await answered(client, "ask");
    for (const [message, content] of answers) {
      expect(result).toMatchObject({ resultType: "input_required" });
      const [[key, question]] = Object.entries(result.inputRequests) as [[string, any]];
      expect(question).toMatchObject({ method: "elicitation/create", params: { message } });
      const more = { inputResponses: { [key]: content }, requestState: result.requestState };
      ({ result } = await client.request("tools/call", { name: "ask", arguments: {}, ...more }));
    }
    expect(textOf({ result })).toBe("Ada and Bob in call 1");
  });

  test("that cannot be asked refuses, and the upstream goes on", async () => {
    const client = await converse(proxy(), version);
    expect(textOf(await answered(client, "ask"))).toBe("refused: this needs a client that supports elicitation.form");
  });

  test("gets errors with code and data, and error results as they are", async () => {
    const client = await converse(proxy(), version);
    const { error } = await answered(client, "fail");
    expect(error).toEqual({ code: -31999, message: "no such thing", data: { hint: ["x"] } });
    const { result } = await answered(client, "failed");
    expect(result).toMatchObject({
      content: [],
      isError: true,
      structuredContent: { no: "match" },
      _meta: { "a/b": 1 },
    });
  });

  test("gets messages of the level that it wants", async () => {
    const client = await converse(proxy(), version);
    const level = { "io.modelcontextprotocol/logLevel": "warning" };
    if (version === "2025-11-25") await client.request("logging/setLevel", { level: "warning" });
    await answered(client, "log", {}, version === "2025-11-25" ? {} : level);
    expect(client.waiting.map(({ params }) => params)).toEqual([{ level: "error", logger: "l", data: { loud: true } }]);
  });

  test("gets updates of resources that it has subscribed to", async () => {
    const client = await converse(proxy(), version);
    if (version === "2025-11-25") {
      client.send({ method: "notifications/initialized" });
      await client.request("resources/subscribe", { uri: "a://b" });
    } else {
      void client.request("subscriptions/listen", { notifications: { resourceSubscriptions: ["a://b"] } });
      await client.next();
    }
    await vi.waitFor(async () => expect(textOf(await answered(client, "update"))).toBe('["a://b"]'), patient);
    expect(await client.next()).toMatchObject({ method: "notifications/resources/updated", params: { uri: "a://b" } });
  });
});

describe("an upstream that ends", () => {
  const end = { stderr: "one\nno space left on device\n", code: 3 };

  test("is an error of the call with the reason, and is started for the next one", async () => {
    const log: string[] = [];
    const client = await converse(proxy({}, log), "2025-11-25");
    const before = textOf(await answered(client, "pid"));
    const { result } = await answered(client, "die", end);
    expect(result).toMatchObject({ isError: true });
    expect(textOf({ result })).toBe(
      'the upstream "up" failed: it ended with the exit code 3. The next call tries it again. Its last lines:\none\nno space left on device',
    );
    expect(log.filter((line) => line.startsWith("error"))).toEqual([
      expect.stringMatching(/the upstream "up" failed: it ended with the exit code 3.*no space left on device/),
    ]);
    const pids = await Promise.all([answered(client, "pid"), answered(client, "pid"), answered(client, "pid")]);
    const [after, ...others] = pids.map(textOf);
    expect(after).not.toBe(before);
    expect(others).toEqual([after, after]);
  });

  test("shows its last lines to no client but the only one", async () => {
    const client = await converse(proxy(), "2025-11-25", {}, { remote: "192.0.2.1" });
    const { result } = await answered(client, "die", end);
    expect(textOf({ result })).toMatch(
      /exit code 3\. The next call tries it again\. The server's log has its last lines$/,
    );
  });

  test.each([
    [{ command: "mcpc-test-no-such-program" }, /it cannot be started \(spawn mcpc-test-no-such-program ENOENT\)/],
    [{ cwd: "no-such-folder" }, /its working directory .*no-such-folder does not exist/],
    [{ args: ["-e", "process.exit(4)"] }, /it ended with the exit code 4/],
  ])("at its start, as with %j, is tried again after a growing delay", async (options, reason) => {
    const client = await converse(proxy(options), "2025-11-25");
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    expect(textOf(await answered(client, "pid"))).toMatch(reason);
    // The second attempt is made at once, the third one later.
    expect(textOf(await answered(client, "pid"))).toMatch(/The next call tries it again/);
    expect(textOf(await answered(client, "pid"))).toMatch(/the next attempt is in 1 s$/);
    now.mockReturnValue(1500);
    expect(textOf(await answered(client, "pid"))).toMatch(/The next call tries it again/);
    expect(textOf(await answered(client, "pid"))).toMatch(/the next attempt is in 1 s$/);
    now.mockRestore();
  });
});

test("a stopped server leaves no process, not even a stubborn one", async () => {
  const server = proxy();
  const client = await converse(server, "2025-11-25");
  const pid = Number(textOf(await answered(client, "stubborn")));
  expect(process.kill(pid, 0)).toBe(true);
  await stop(server);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), patient);
});

test("what is no message on standard output is skipped, and reported once", async () => {
  const log: string[] = [];
  const client = await converse(proxy({}, log), "2025-11-25");
  expect(textOf(await answered(client, "garbage"))).toBe("clean");
  expect(textOf(await answered(client, "garbage"))).toBe("clean");
  expect(log.filter((line) => line.includes("npm WARN"))).toHaveLength(1);
});

test("a message without end ends the upstream instead of this server", async () => {
  const client = await converse(proxy(), "2025-11-25");
  expect(textOf(await answered(client, "huge"))).toMatch(/it sent a message of more than 64 MB/);
  expect(textOf(await answered(client, "pid"))).toMatch(/^\d+$/);
});

test("the process gets the manifest's environment and working directory, and no other secrets", async () => {
  vi.stubEnv("UPSTREAM_TEST_SECRET", "hidden");
  vi.stubEnv("UPSTREAM_TEST_KEY", "abc");
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), "mcpc-upstream-")));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const server = proxy({ cwd, env: { A: "1", KEY: { env: "UPSTREAM_TEST_KEY" } } });
  expect(await ready(server)).toBe(true);
  expect([...server.secrets]).toContain("abc");
  const client = await converse(server, "2025-11-25");
  const { cwd: place, env } = JSON.parse(textOf(await answered(client, "where")));
  expect(place).toBe(cwd);
  expect(env).toMatchObject({ A: "1", KEY: "abc", PATH: process.env["PATH"] });
  expect(env).not.toHaveProperty("UPSTREAM_TEST_SECRET");
  vi.unstubAllEnvs();
});

test("a missing variable is a problem of the start", async () => {
  const log: string[] = [];
  expect(await ready(proxy({ env: { KEY: { env: "UPSTREAM_TEST_MISSING" } } }, log))).toBe(false);
  expect(log.join()).toContain("UPSTREAM_TEST_MISSING is not set");
});

test("a changed list is compared with the manifest, and the difference is logged", async () => {
  const log: string[] = [];
  const client = await converse(proxy({}, log), "2025-11-25");
  await answered(client, "grow");
  await vi.waitFor(
    () => expect(log.join("\n")).toMatch(/notice: .*it also has "brand_new"; mcpc import merges/),
    patient,
  );
});

describe("clients that share an upstream", () => {
  const capabilities = { elicitation: { form: {} } };

  test("are asked what certainly belongs to their call", async () => {
    const server = proxy();
    const one = await converse(server, "2025-11-25", capabilities, { remote: "192.0.2.1" });
    const result = answered(one, "hold");
    const question = await one.next();
    one.send({ id: question.id, result: { action: "accept", content: { name: "one" } } });
    expect(textOf(await result)).toBe("one");
  });

  test("are not asked what may belong to a call of another one", async () => {
    const server = proxy();
    const one = await converse(server, "2025-11-25", capabilities, { remote: "192.0.2.1" });
    const other = await converse(server, "2025-11-25", capabilities, { remote: "192.0.2.2" });
    void answered(one, "wait", {}, { progressToken: 1 });
    await one.next();
    expect(textOf(await answered(other, "hold"))).toMatch(
      /^refused: no call is running that this question can belong to/,
    );
    expect([...one.waiting, ...other.waiting]).toEqual([]);
  });
});
