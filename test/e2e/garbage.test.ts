import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveHttp, serverOf, type Running } from "./clients.js";
import { rawStdio } from "./raw-stdio.js";

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const deep = (levels: number): string => `{"a":`.repeat(levels) + "1" + "}".repeat(levels);
const deepArrays = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const call = (id: string, input: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"get_weather","arguments":${input},"_meta":${JSON.stringify(meta)}}}`;

/** Each is one line, and gets an answer with this code, a result, or (undefined) nothing at all. */
const garbage: readonly [string, string, number | "result" | undefined][] = [
  ["not JSON", "hello", -32700],
  ["half a message", '{"jsonrpc":"2.0","id":1', -32700],
  ["an array", "[]", -32600],
  ["an array of requests", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
  ["a number", "12", -32600],
  ["null", "null", -32600],
  ["a text", '"ping"', -32600],
  ["no version", '{"id":1,"method":"ping"}', -32600],
  ["another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
  ["a null id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
  ["an object as id", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
  ["a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
  ["no method", '{"jsonrpc":"2.0","id":1}', -32600],
  ["a number as method", '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
  [
    "a method of Object's",
    `{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{"_meta":${JSON.stringify(meta)}}}`,
    -32601,
  ],
  ["params as an array", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}`, -32600],
  ["a response to nothing", '{"jsonrpc":"2.0","id":99,"result":{}}', undefined],
  ["an error to nothing", '{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"x"}}', undefined],
  ["an unknown notification", '{"jsonrpc":"2.0","method":"notifications/unknown"}', undefined],
  [
    "a cancellation of nothing",
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}',
    undefined,
  ],
  ["a cancellation without params", '{"jsonrpc":"2.0","method":"notifications/cancelled"}', undefined],
  ["deep objects", deep(100_000), -32600],
  ["deep arrays", deepArrays(100_000), -32600],
  ["deep arguments", call("1", deep(50_000)), -32600],
  ["arguments as deep as they may be", call("1", deep(998)), "result"],
  ["arguments a level deeper", call("1", deep(999)), -32600],
  ["many brackets in a text, and few levels", call("1", `{"city":${JSON.stringify("[".repeat(5000))}}`), "result"],
  ["__proto__ in arguments", call("1", '{"__proto__":{"city":"Oslo"}}'), "result"],
  ["arguments as an array", call("1", "[]"), -32602],
  ["arguments as null", call("1", "null"), "result"],
  ["a huge text", call("1", `{"city":${JSON.stringify("x".repeat(2_000_000))}}`), "result"],
  ["a huge number", call("1", '{"city":1e400}'), "result"],
];

describe("stdio", () => {
  test.each(garbage)("%s is answered, and so is what follows", async (_, line, expected) => {
    const server = rawStdio("node", [serverOf("weather")]);
    server.write(`${line}\n`);
    server.write('{"jsonrpc":"2.0","id":"after","method":"ping"}\n');
    const answers = [await server.next(), ...(expected === undefined ? [] : [await server.next()])];
    const [answer] = answers.filter(({ id }) => id !== "after");
    expect(answers).toContainEqual({ jsonrpc: "2.0", id: "after", result: {} });
    if (expected === "result") expect(answer?.result).toMatchObject({ isError: true });
    else if (expected !== undefined)
      expect(answer?.error).toMatchObject({ code: expected, message: expect.any(String) });
    expect(answer?.id).not.toBeNull();
    expect(await server.end()).toBe(0);
  });

  test("a line without end is refused, skipped, and does not fill the memory", async () => {
    const server = rawStdio("node", ["--max-old-space-size=200", serverOf("weather")]);
    const piece = Buffer.alloc(1024 * 1024, "x");
    for (let count = 0; count < 40; count += 1) server.write(piece);
    expect((await server.next()).error).toMatchObject({ code: -32600 });
    server.write('\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    expect(await server.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(await server.end()).toBe(0);
  });

  test("bytes that are no UTF-8, blank lines and CRLF", async () => {
    const server = rawStdio("node", [serverOf("weather")]);
    server.write(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    expect((await server.next()).error?.code).toBe(-32700);
    server.write('\n\r\n  \n{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n');
    expect(await server.next()).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(await server.end()).toBe(0);
  });

  test("a message cut anywhere, also within a character, is one message", async () => {
    const server = rawStdio("node", [serverOf("weather")]);
    const bytes = Buffer.from(`${call('"é🚀"', '{"city":"é🚀"}')}\n`);
    for (const byte of bytes) server.write(Uint8Array.of(byte));
    const answer = await server.next();
    expect([answer.id, answer.result.content[0].text]).toEqual(["é🚀", expect.stringContaining("No such city: é🚀.")]);
    expect(await server.end()).toBe(0);
  });

  test("whatever is sent, the next good request is answered", async () => {
    const server = rawStdio("node", [serverOf("everything")]);
    await server.initialize();
    const messages = fc.sample(
      fc.oneof(
        fc.json(),
        fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", " ")),
        fc
          .record(
            {
              jsonrpc: fc.constantFrom("2.0", "1.0"),
              id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.double()),
              method: fc.constantFrom(
                "tools/call",
                "tools/list",
                "resources/read",
                "prompts/get",
                "logging/setLevel",
                "initialize",
                "x",
              ),
              params: fc.oneof(
                fc.jsonValue(),
                fc.record(
                  {
                    name: fc.constantFrom("test_simple_text", "test_prompt_with_arguments", "x"),
                    arguments: fc.jsonValue(),
                    uri: fc.string(),
                    level: fc.string(),
                    cursor: fc.string(),
                  },
                  { requiredKeys: [] },
                ),
              ),
            },
            { requiredKeys: ["jsonrpc"] },
          )
          .map((message) => JSON.stringify(message)),
      ),
      { numRuns: 2000, seed: 1 },
    );
    for (const message of messages) server.write(`${message}\n`);
    expect((await server.request("tools/call", { name: "test_simple_text" })).result.content).toHaveLength(1);
    expect(await server.end()).toBe(0);
  });
});

describe("HTTP", () => {
  let server: Running;
  let session: string;
  beforeAll(async () => {
    server = await serveHttp(serverOf("weather"));
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const response = await fetch(server.url, { method: "POST", headers, body });
    session = response.headers.get("mcp-session-id")!;
  });
  afterAll(() => server.stop());

  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const post = (body: string | Buffer, more: Record<string, string> = {}): Promise<Response> =>
    fetch(server.url, {
      method: "POST",
      headers: { ...headers, "mcp-session-id": session, ...more },
      body: body as string,
    });
  const ping = async (): Promise<unknown> => (await post('{"jsonrpc":"2.0","id":"after","method":"ping"}')).json();

  test.each(garbage)("%s is answered, and so is what follows", async (name, body, expected) => {
    const response = await post(body, { "mcp-protocol-version": "2025-11-25" });
    if (expected === undefined) expect([response.status, await response.text()]).toEqual([202, ""]);
    else {
      const answer = (await response.json()) as any;
      expect(answer.id).not.toBeNull();
      // A modern claim under an older header is a mismatch; what stands above the protocol's ladder is answered before.
      const claimed = body.includes("io.modelcontextprotocol/protocolVersion");
      const code = claimed && expected !== -32600 ? -32020 : name === "params as an array" ? -32602 : expected;
      expect(answer.error).toMatchObject({ code });
      expect(response.status).toBe(name === "params as an array" ? 200 : 400);
    }
    expect(await ping()).toEqual({ jsonrpc: "2.0", id: "after", result: {} });
  });

  test.each([
    ["GET", { method: "GET" }, 405],
    ["DELETE", { method: "DELETE" }, 405],
    ["another content type", { method: "POST", body: "{}", headers: { "content-type": "text/plain" } }, 415],
    ["no content type", { method: "POST", body: new Uint8Array([0x7b, 0x7d]) as unknown as string }, 415],
    ["a body that is too long", { method: "POST", body: "x".repeat(5 * 1024 * 1024), headers }, 413],
    [
      "an origin elsewhere",
      { method: "POST", body: "{}", headers: { ...headers, origin: "http://evil.example" } },
      403,
    ],
    ["a null origin", { method: "POST", body: "{}", headers: { ...headers, origin: "null" } }, 403],
  ])("%s is refused", async (_, init, status) => {
    const response = await fetch(server.url, init as RequestInit);
    expect(response.status).toBe(status);
    const answer = (await response.json()) as any;
    expect(answer.error.message).toMatch(/.{10}/);
    expect(answer).not.toHaveProperty("id");
    expect(await ping()).toMatchObject({ result: {} });
  });

  test("another Host is refused, a loopback name is not", async () => {
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          server.url,
          { method: "POST", headers: { ...headers, "mcp-session-id": session, host } },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        outgoing.on("error", reject);
        outgoing.end('{"jsonrpc":"2.0","id":1,"method":"ping"}');
      });
    expect(await statusFor("evil.example")).toBe(403);
    expect(await statusFor(`127.0.0.1.evil.example:${server.url.port}`)).toBe(403);
    expect(await statusFor(`localhost:${server.url.port}`)).toBe(200);
    expect(await statusFor("[::1]:80")).toBe(200);
  });

  test("another address is not served", async () => {
    const response = await fetch(new URL("/other", server.url), { method: "POST", body: "{}", headers });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("/mcp");
  });

  test("a client that hangs up in the middle of its body, or of the answer, harms nobody", async () => {
    for (let count = 0; count < 20; count += 1) {
      await new Promise<void>((resolve) => {
        const outgoing = request(server.url, { method: "POST", headers: { ...headers, "content-length": "1000" } });
        outgoing.on("error", () => resolve());
        outgoing.write('{"jsonrpc":', () => outgoing.destroy());
        outgoing.on("close", () => resolve());
      });
    }
    expect(await ping()).toMatchObject({ result: {} });
  });
});
