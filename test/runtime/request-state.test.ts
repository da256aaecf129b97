import { afterEach, expect, test, vi } from "vitest";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { McpError } from "../../runtime/protocol/errors.js";
import { Call } from "../../runtime/protocol/exchange.js";
import { openState, sealState } from "../../runtime/protocol/request-state.js";
import { modernPeer } from "../../runtime/protocol/revisions/modern.js";
import { serverWith } from "./surface.js";

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const progress = { answers: { name: { action: "accept" } }, steps: { "step order": 7 } };

/** A call of a process that seals with these secrets. */
function callWith(stateKeys: readonly string[], input: object = { a: 1, b: { c: 2, d: 3 } }): Call {
  const { surface, handlers } = serverWith({ t: () => "x" });
  const peer = modernPeer(
    defineServer(surface, handlers, () => ({ stateKeys })),
    { _meta: meta },
  );
  if (peer instanceof McpError) throw peer;
  return new Call(peer, 1, "tools/call", { name: "t", arguments: input as never }, { notify: () => {} });
}

afterEach(() => {
  vi.useRealTimers();
});

test("another process with the same secret goes on; one with another does not", async () => {
  const state = await sealState(callWith(["secret"]), progress);
  expect(await openState(callWith(["secret"]), state)).toEqual(progress);
  expect(await openState(callWith(["other"]), state)).toBeInstanceOf(McpError);
  expect(await openState(callWith([]), state)).toBeInstanceOf(McpError);
  expect(atob(state.replaceAll("-", "+").replaceAll("_", "/"))).not.toContain("accept");
});

test("a new secret is put before the old: what the old has sealed still opens, and the new one seals", async () => {
  const old = await sealState(callWith(["old"]), progress);
  expect(await openState(callWith(["new", "old"]), old)).toEqual(progress);
  const fresh = await sealState(callWith(["new", "old"]), progress);
  expect(await openState(callWith(["new"]), fresh)).toEqual(progress);
  expect(await openState(callWith(["old"]), fresh)).toBeInstanceOf(McpError);
});

test("the arguments may come in another order, but not with another value", async () => {
  const state = await sealState(callWith(["secret"]), progress);
  expect(await openState(callWith(["secret"], { b: { d: 3, c: 2 }, a: 1 }), state)).toEqual(progress);
  expect(await openState(callWith(["secret"], { a: 1, b: { c: 2, d: 4 } }), state)).toBeInstanceOf(McpError);
});

test("after an hour it has expired, and says so", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const state = await sealState(callWith(["secret"]), progress);
  vi.setSystemTime(Date.now() + 59 * 60_000);
  expect(await openState(callWith(["secret"]), state)).toEqual(progress);
  vi.setSystemTime(Date.now() + 2 * 60_000);
  const refused = await openState(callWith(["secret"]), state);
  expect(refused).toMatchObject({ code: -32602, message: expect.stringContaining("has expired") });
});
