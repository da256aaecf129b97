import { expect, test } from "vitest";
import { converse, listsOf } from "../../../compiler/diff/client.js";
import type { Connection, Message } from "../../../compiler/diff/connection.js";

/** A server that says what it is, and answers nothing else. */
function silentServer(onMessage: (message: Message) => void): Connection {
  const result = { capabilities: { tools: {} }, supportedVersions: ["2026-07-28"] };
  return {
    over: new Promise<never>(() => undefined),
    send: async ({ id, method }) =>
      method === "server/discover" ? onMessage({ jsonrpc: "2.0", id: id!, result }) : undefined,
    close: async () => undefined,
  };
}

test("a server that does not list is announced, and waited for no longer than allowed", async () => {
  const sentences: string[] = [];
  const options = { timeoutMs: 100, onWaiting: (sentence: string) => void sentences.push(sentence) };
  await expect(converse(silentServer, listsOf, options)).rejects.toThrow(
    "the server does not answer tools/list within 0.1 seconds",
  );
  expect(sentences).toEqual(["waiting for an answer to tools/list, at most 0.1 seconds…"]);
});
