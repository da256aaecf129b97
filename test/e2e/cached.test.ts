import { describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { clients, serveHttp, serverOf } from "./clients.js";
import { rawStdio } from "./raw-stdio.js";

const script = serverOf("cached");
const content = (result: unknown): any => (result as { structuredContent: unknown }).structuredContent;

describe.each(clients)("$name", ({ connect, revision }) => {
  async function story(target: URL | string): Promise<void> {
    const client = await connect(target);
    const rate = async (currency: string, unit: string) =>
      content(await client.callTool({ name: "get_rate", arguments: { currency, unit } }));
    const read = async (uri: string) => (await client.readResource({ uri })).contents[0] as { text: string };
    const first = await rate("EUR", "USD");
    expect(first.rate).toBe(1.16);
    // Its next run would be another look-up.
    expect(await rate("EUR", "USD")).toEqual(first);
    expect((await rate("USD", "EUR")).lookup).toBeGreaterThan(first.lookup);
    expect(await read("rates://EUR/dollars")).toMatchObject({ text: "1.16" });
    expect(JSON.parse((await read("rates://currencies")).text)).toEqual(["EUR", "GBP", "USD"]);

    const unknown = { name: "get_rate", arguments: { currency: "ABC", unit: "USD" } };
    expect(await client.callTool(unknown)).toMatchObject({ isError: true });
    await client.callTool({ name: "set_rate", arguments: { currency: "EUR", dollars: 2 } });
    expect((await rate("EUR", "USD")).rate).toBe(2);
    // A client may go by the hints, and keep what it has read itself.
    if (revision !== "2026-07-28") expect(await read("rates://EUR/dollars")).toMatchObject({ text: "2" });
    await client.callTool({ name: "set_rate", arguments: { currency: "ABC", dollars: 4 } });
    expect(content(await client.callTool(unknown)).rate).toBe(4);
    const known = JSON.parse((await read("rates://currencies")).text);
    if (revision !== "2026-07-28") expect(known).toEqual(["EUR", "GBP", "USD", "ABC"]);
    const listed: any = await client.listTools();
    expect([listed.ttlMs, listed.cacheScope]).toEqual(
      revision === "2026-07-28" ? [3600000, "public"] : [undefined, undefined],
    );
    await client.close();
  }

  test("gets what is kept, and what is new when that is out of date: stdio", () => story(script));

  test("and HTTP", async () => {
    const server = await serveHttp(script);
    await story(server.url);
    await server.stop();
  });
});

test("what clients are told of how long it is good", async () => {
  const server = rawStdio("node", [script]);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const hints = async (method: string, params = {}) => {
    const { result } = await server.request(method, { ...params, _meta });
    return [result.ttlMs > 0 && result.ttlMs <= 86400000, result.cacheScope];
  };
  for (const method of ["server/discover", "tools/list", "resources/list", "resources/templates/list"])
    expect([method, ...(await hints(method))]).toEqual([method, true, "public"]);
  const scopes = { currencies: "public", disclaimer: "public", "EUR/dollars": "private" };
  for (const [path, scope] of Object.entries(scopes))
    expect([path, ...(await hints("resources/read", { uri: `rates://${path}` }))]).toEqual([path, true, scope]);
  const { result } = await server.request("tools/call", {
    name: "get_rate",
    arguments: { currency: "EUR", unit: "USD" },
    _meta,
  });
  expect([result.ttlMs, result.cacheScope]).toEqual([undefined, undefined]);
  const price = async () =>
    (await server.request("resources/read", { uri: "rates://EUR/dollars", _meta })).result.contents[0].text;
  expect(await price()).toBe("1.16");
  await server.request("tools/call", { name: "set_rate", arguments: { currency: "EUR", dollars: 3 }, _meta });
  expect(await price()).toBe("3");
  await server.end();
});

test("only a server whose manifest asks for it has a cache, and only one with limits has those", () => {
  const bundle = (fixture: string) => readFileSync(serverOf(fixture), "utf8");
  // Names of members outlive minifying.
  const rooms = { cache: "keepOnly", concurrency: "maxQueue", rate: "perMinute" };
  const parts = (text: string) => Object.entries(rooms).flatMap(([room, name]) => (text.includes(name) ? [room] : []));
  expect(parts(bundle("weather"))).toEqual([]);
  expect(parts(bundle("cached"))).toEqual(["cache"]);
  expect(parts(bundle("long-job"))).toEqual(["concurrency", "rate"]);
});
