import { describe, expect, test } from "vitest";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { Outcome } from "../../runtime/protocol/observer.js";
import { defaultResultBytes } from "../../runtime/protocol/result-size.js";
import { converse } from "./conversation.js";
import { doors, options } from "./doors.js";
import { serverWith } from "./surface.js";

const most = 16_384;
const versions = ["2024-11-05", "2025-11-25", "2026-07-28"];

/** A server whose handlers return texts of a size. */
function serving(maxResultBytes?: number) {
  const logged: string[] = [];
  const failures: unknown[] = [];
  const onCall = () => (outcome: Outcome) => void (outcome.failure && failures.push(outcome.failure));
  const text = ({ size, letter = "x" }: any): string => String(letter).repeat(size);
  const made = serverWith({ text: text as never, later: (async (input: any) => text(input)) as never });
  const surface = {
    ...made.surface,
    ...(maxResultBytes !== undefined && { maxResultBytes }),
    resources: [
      { uri: "a:large" },
      { uri: "a:fixed", contents: JSON.stringify([{ uri: "a:fixed", text: "x".repeat(most) }]) },
    ],
    prompts: [{ name: "large", arguments: [] }],
  };
  const handlers = {
    ...made.handlers,
    resources: new Map([["a:large", () => "x".repeat(most)]]),
    prompts: new Map([["large", () => "x".repeat(most)]]),
  };
  return {
    server: defineServer(surface, handlers, () => ({
      logger: (_level, message) => void logged.push(message),
      observers: [{ onCall }],
    })),
    ...{ logged, failures },
  };
}

const call = (name: string, size: number, letter?: string) => ({ name, arguments: { size, letter } });
const tooLarge = { fault: "server", name: "result_too_large" };
const refused = {
  isError: true,
  content: [{ text: expect.stringMatching(/^the result has \d+ bytes, and at most 16384 are sent/) }],
};

describe.each(versions)("%s", (version) => {
  test.each(["text", "later"])("a result of the tool %s that is too large is an error for one call", async (name) => {
    const { server, logged, failures } = serving(most);
    const { request } = await converse(server, version);
    expect((await request("tools/call", call(name, most))).result).toMatchObject(refused);
    expect(logged).toEqual([expect.stringContaining(`tools/call "${name}"`)]);
    expect(failures).toEqual([tooLarge]);
    const { content } = (await request("tools/call", call(name, most - 500))).result;
    expect(content[0].text).toHaveLength(most - 500);
    // Three bytes a character.
    expect((await request("tools/call", call(name, Math.ceil(most / 3), "€"))).result).toMatchObject(refused);
    expect((await request("tools/call", call(name, most / 4, "€"))).result.isError).toBeUndefined();
  });

  test("so is that of a resource or a prompt; contents that the manifest has are as large as it says", async () => {
    const { server, failures } = serving(most);
    const { request } = await converse(server, version);
    const error = { code: -32603, message: expect.stringMatching(/^the result has \d+ bytes/) };
    expect((await request("resources/read", { uri: "a:large" })).error).toMatchObject(error);
    expect((await request("prompts/get", { name: "large" })).error).toMatchObject(error);
    expect(failures).toEqual([tooLarge, tooLarge]);
    expect((await request("resources/read", { uri: "a:fixed" })).result.contents[0].text).toHaveLength(most);
    expect((await request("ping")).error?.code ?? 0).toBe(version === "2026-07-28" ? -32601 : 0);
  });
});

test.each(doors)("over %s, too", async (_name, ask) => {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "text",
  };
  const { server } = serving(most);
  const answer = async (size: number): Promise<any> => {
    const params = { ...call("text", size), _meta };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    return JSON.parse((await ask(server, options, { headers, body })).text);
  };
  expect((await answer(most)).result).toMatchObject(refused);
  expect((await answer(10)).result.content[0].text).toHaveLength(10);
});

test("without a setting the bound is 8 MB", async () => {
  const { request } = await converse(serving().server, "2025-11-25");
  expect(defaultResultBytes).toBe(8_388_608);
  const sizes = [defaultResultBytes - 100, defaultResultBytes];
  const found = await Promise.all(
    sizes.map(async (size) => (await request("tools/call", call("text", size))).result.isError),
  );
  expect(found).toEqual([undefined, true]);
});
