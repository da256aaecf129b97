import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import { serverWith } from "./surface.js";

type Context = { readonly progress: (done: number, total: undefined, message: string) => void };
let finish: () => void = () => {};
const server = serverWith({
  atOnce: (_input: unknown, { progress }: Context) => {
    for (let index = 1; index <= 3; index++) progress(index, undefined, "é");
    return "done";
  },
  much: (_input: unknown, { progress }: Context) => {
    for (let index = 1; index <= 300; index++) progress(index, undefined, "é".repeat(1000));
    return "done";
  },
  later: async (_input: unknown, { progress }: Context) => {
    progress(1, undefined, "é");
    await new Promise<void>((resolve) => (finish = resolve));
    progress(2, undefined, "é");
    return "done";
  },
});

async function called(name: string): Promise<IncomingMessage> {
  const options = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };
  const http = createServer(createListener(server, options)).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
  };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    progressToken: 1,
  };
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {}, _meta } };
  const asked = request({ port: (http.address() as AddressInfo).port, path: "/mcp", method: "POST", headers });
  asked.end(JSON.stringify(body));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response.setEncoding("utf8");
}

/** The progress that was told, and `result` for the answer. */
function told(text: string): unknown[] {
  const messages = text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(/^data: (.*)$/m.exec(event)![1]!));
  return messages.map(({ params, result }) => (result ? "result" : params.progress));
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of response) text += piece;
  return text;
}

test("what is told at once leaves in one piece with the headers", async () => {
  const response = await called("atOnce");
  const text = await textOf(response);
  expect(response.headers).toMatchObject({
    "content-type": "text/event-stream",
    "content-length": String(Buffer.byteLength(text)),
  });
  expect(told(text)).toEqual([1, 2, 3, "result"]);
});

test("of much that is told at once nothing is kept for longer", async () => {
  const response = await called("much");
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream", "transfer-encoding": "chunked" });
  const all = told(await textOf(response));
  expect(all).toEqual([...Array.from({ length: 300 }, (_, index) => index + 1), "result"]);
});

test("what is told before an answer that takes its time is heard before it", async () => {
  const response = await called("later");
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream", "transfer-encoding": "chunked" });
  const [first] = (await once(response, "data")) as [string];
  expect(told(first)).toEqual([1]);
  finish();
  expect(told(await textOf(response))).toEqual([2, "result"]);
});
