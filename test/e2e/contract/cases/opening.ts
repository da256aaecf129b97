import { expect } from "vitest";
import { isAnswer } from "../client.js";
import { identity } from "../projections.js";
import { expectStatus, type Case } from "./case.js";

export const opening: readonly Case[] = [
  {
    name: "opening: what the server is and can do",
    async run(client, open) {
      const capabilities = {
        logging: {},
        // Completion is older than its capability.
        ...(client.version >= "2025-03-26" && { completions: {} }),
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
      };
      if (client.modern) {
        const { result } = await client.request("server/discover");
        expect(result).toEqual({
          resultType: "complete",
          supportedVersions: ["2026-07-28"],
          capabilities,
          instructions: "Call anything.",
          ttlMs: 0,
          cacheScope: "private",
          _meta: { "io.modelcontextprotocol/serverInfo": identity(client.version) },
        });
        return;
      }
      const other = await open({});
      expect(other.opened).toEqual({
        protocolVersion: client.version,
        capabilities,
        serverInfo: identity(client.version),
        instructions: "Call anything.",
      });
      await other.link.close();
    },
  },
  {
    name: "a version that the server does not speak is answered with the newest that has a handshake",
    without: (version) => (version === "2026-07-28" ? "2026-07-28 has no handshake" : undefined),
    async run(_client, _open, line) {
      const link = await line();
      for (const protocolVersion of [undefined, 7]) {
        link.send({ jsonrpc: "2.0", id: "odd", method: "initialize", params: { protocolVersion, capabilities: {} } });
        expect((await link.take(isAnswer("odd"))).error.code).toBe(-32602);
      }
      const params = { protocolVersion: "2030-01-01", capabilities: {}, clientInfo: { name: "x", version: "1" } };
      link.send({ jsonrpc: "2.0", id: "new", method: "initialize", params });
      expect((await link.take(isAnswer("new"))).result.protocolVersion).toBe("2025-11-25");
      await link.close();
    },
  },
  {
    name: "what the other era has is unknown here",
    async run(client) {
      const unknown = client.modern
        ? ["ping", "initialize", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]
        : ["subscriptions/listen"];
      for (const method of [...unknown, "tasks/get", "tasks/list", "tasks/result", "nothing/like/it", "__proto__"]) {
        const answer = await client.request(method, {});
        expect(answer.error?.code).toBe(-32601);
        expectStatus(client, answer, client.modern ? 404 : 200);
      }
    },
  },
  {
    name: "a request that does not say who asks, or for another revision, is refused",
    without: (version) => (version === "2026-07-28" ? undefined : "a session says it once for all requests"),
    async run({ link, version }) {
      const capabilities = { "io.modelcontextprotocol/clientCapabilities": {} };
      const named = { "io.modelcontextprotocol/protocolVersion": version };
      const refused: readonly [object, number][] = [
        [named, -32602],
        [{ ...named, "io.modelcontextprotocol/clientCapabilities": [] }, -32602],
        [{ ...named, ...capabilities, "io.modelcontextprotocol/logLevel": "loud" }, -32602],
        [{ ...capabilities, "io.modelcontextprotocol/protocolVersion": "2030-01-01" }, -32022],
        [{ ...capabilities, "io.modelcontextprotocol/protocolVersion": "2025-11-25" }, -32022],
      ];
      for (const [index, [_meta, code]] of refused.entries()) {
        const id = `refused ${index}`;
        link.send({ jsonrpc: "2.0", id, method: "tools/list", params: { _meta } });
        const { error } = await link.take(isAnswer(id));
        expect(error.code).toBe(code);
        if (code === -32022) expect(error.data).toMatchObject({ supported: ["2026-07-28"] });
        expect(link.status(id) ?? 400).toBe(400);
      }
    },
  },
  {
    name: "ids come back as they were, with their type",
    async run({ link, request }) {
      for (const id of [0, "", "0", 1, "1", -1, Number.MAX_SAFE_INTEGER, "é🚀\n"]) {
        const answer = await request("tools/call", { name: "echo", arguments: { text: "x" } }, {}, id);
        expect([answer.id, answer.error]).toEqual([id, undefined]);
      }
      expect(link.received.filter(({ id }) => id !== undefined)).toEqual([]);
    },
  },
  {
    name: "discovery is unknown to a session",
    session: true,
    without: (version) => (version === "2026-07-28" ? "2026-07-28 has none" : undefined),
    async run(client) {
      const answer = await client.request("server/discover");
      expect(answer.error.code).toBe(-32601);
      expectStatus(client, answer, 200);
    },
  },
  {
    name: "ping",
    without: (version) => (version === "2026-07-28" ? "2026-07-28 has none" : undefined),
    run: async ({ request }) => expect((await request("ping")).result).toEqual({}),
  },
];
