import { expect } from "vitest";
import { text, type Case } from "./case.js";

export const wire: readonly Case[] = [
  {
    name: "batches: at 2025-03-26 one array of answers, nothing for notifications; refused by any other",
    async run({ link, modern, request, settled, version }) {
      const _meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
      };
      const echo = (id: unknown) => ({
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: { name: "echo", arguments: { text: "x" }, ...(modern && { _meta }) },
      });
      const note = { jsonrpc: "2.0", method: "notifications/initialized" };
      if (version !== "2025-03-26") {
        link.send([echo("a"), note]);
        expect((await link.take(({ error }) => error !== undefined)).error.code).toBe(-32600);
        return;
      }
      link.send([echo("a"), note, 7, echo(0), { jsonrpc: "2.0", id: "b", method: "nothing" }]);
      const answers: any[] = await link.take(Array.isArray);
      expect(answers.map(({ id, error }) => id ?? error.code)).toHaveLength(4);
      expect(new Set(answers.map(({ id, error }) => id ?? error.code))).toEqual(new Set(["a", 0, "b", -32600]));
      link.send([note, note]);
      for (const none of [[], Array.from({ length: 101 }, (_, id) => echo(id))]) {
        link.send(none);
        expect((await link.take(({ error }) => error !== undefined)).error.code).toBe(-32600);
      }
      await request("ping");
      await settled();
      expect(link.received).toEqual([]);
    },
  },
  {
    name: "garbage in the middle is answered without an id, and harms nothing",
    async run({ call, link, settled }) {
      const garbage: readonly [string, number][] = [
        ["hello", -32700],
        ['{"jsonrpc":"2.0","id":1', -32700],
        ["7", -32600],
        ["null", -32600],
        ['{"jsonrpc":"1.0","method":"tools/list"}', -32600],
        ['{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600],
        ['{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', -32600],
      ];
      for (const [line, code] of garbage) {
        link.send(line);
        const answer = await link.take(({ error }) => error !== undefined);
        expect([line, answer.error.code, "id" in answer]).toEqual([line, code, false]);
        expect(text(await call("echo", { text: "still here" }))).toBe("still here");
      }
      link.send({ jsonrpc: "2.0", id: 99, result: {} });
      link.send({ jsonrpc: "2.0", method: "notifications/unknown" });
      await settled();
      // Over HTTP, what answers nothing has to be refused somehow.
      expect(link.received.filter(({ error }) => error === undefined)).toEqual([]);
      for (const _ of [...link.received]) await link.take(() => true);
    },
  },
];
