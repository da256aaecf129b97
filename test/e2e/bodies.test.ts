import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveHttp, type Running } from "./clients.js";
import { mcpc, write } from "./project.js";

/** A body is read at once where nothing has to be waited for, and later where a hook takes its time over who calls. */
const manifest = {
  server: { name: "bodies", version: "1.0.0" },
  tools: [
    {
      name: "echo",
      description: "Returns the text.",
      inputSchema: { type: "object", properties: { text: { type: "string" } } },
    },
  ],
  runtime: { transports: { http: { sessions: false } }, limits: { maxBodyBytes: 1000 } },
};
const echo = `import type { Echo } from "../../generated/types.js";
export const echo: Echo = ({ text }) => String(text);
`;
const hooks = `import type { Authenticate } from "../generated/application.js";

export const authenticate: Authenticate = ({ header }) =>
  new Promise((resolve) => setTimeout(() => resolve({ principal: header("host") ?? "", scopes: [] }), 20));
`;
const servers: readonly [string, Record<string, unknown>][] = [
  ["at once", { "src/tools/echo.ts": echo }],
  ["after a while", { "src/tools/echo.ts": echo, "src/hooks.ts": hooks }],
];

const called = (text: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo", arguments: { text } } });
const head = (more: string): string =>
  `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n${more}\r\n\r\n`;
const whole = (body: string): string => `${head(`Content-Length: ${Buffer.byteLength(body)}`)}${body}`;
const chunked = (...parts: string[]): string =>
  [...parts, ""].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join("");
const cut = (text: string, size: number): string[] => text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];

/** What is written, piece by piece; what comes back, as the status and the text or message of each answer. */
const cases: readonly [what: string, pieces: readonly string[], answers: readonly (readonly [number, string])[]][] = [
  ["one piece", [whole(called("one"))], [[200, "one"]]],
  ["the head, then the body", [head(`Content-Length: ${called("two").length}`), called("two")], [[200, "two"]]],
  ["byte by byte", cut(whole(called("slow")), 1), [[200, "slow"]]],
  ["text of several bytes, cut within", cut(whole(called("æøå 漢字 🙂")), 3), [[200, "æøå 漢字 🙂"]]],
  ["chunks", [head("Transfer-Encoding: chunked") + chunked(...cut(called("chunks"), 7))], [[200, "chunks"]]],
  [
    "chunks, one at a time",
    [head("Transfer-Encoding: chunked"), ...cut(chunked(...cut(called("chunks"), 7)), 12)],
    [[200, "chunks"]],
  ],
  [
    "two requests at once",
    [whole(called("first")) + whole(called("second"))],
    [
      [200, "first"],
      [200, "second"],
    ],
  ],
  [
    "a request after another",
    [whole(called("first")), whole(called("second"))],
    [
      [200, "first"],
      [200, "second"],
    ],
  ],
  ["nothing", [whole("")], [[400, "not valid JSON"]]],
  ["half a message", [whole(called("half").slice(0, 50))], [[400, "not valid JSON"]]],
  ["too much, said beforehand", [whole(called("x".repeat(2000)))], [[413, "at most 1000 bytes"]]],
  [
    "too much, in chunks, and then a good one",
    [head("Transfer-Encoding: chunked"), chunked(...cut(called("x".repeat(5000)), 600)), whole(called("good"))],
    [
      [413, "at most 1000 bytes"],
      [200, "good"],
    ],
  ],
  [
    "a client that asks first",
    [head(`Content-Length: ${called("ask").length}\r\nExpect: 100-continue`), called("ask")],
    [[200, "ask"]],
  ],
];

/** Writes each piece when the one before has surely been read: it is answered in order, so time decides nothing. */
async function exchange(
  port: number,
  pieces: readonly string[],
  count: number,
): Promise<(readonly [number, string])[]> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  const done = new Promise<void>((resolve, reject) => {
    socket.on("data", (bytes) => {
      text += bytes;
      if (answersIn(text).length === count) resolve();
    });
    socket.once("close", () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done;
  socket.destroy();
  return answersIn(text);
}

function answersIn(text: string): (readonly [number, string])[] {
  const bytes = Buffer.from(text);
  const found: (readonly [number, string])[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end === -1) return found;
    const lines = bytes.subarray(at, end).toString();
    const length = Number(/^content-length: *(\d+)/im.exec(lines)?.[1] ?? 0);
    const body = bytes.subarray(end + 4, end + 4 + length);
    if (body.length < length) return found;
    at = end + 4 + length;
    const status = Number(lines.slice(9, 12));
    if (status === 100) continue;
    const message = JSON.parse(body.toString());
    found.push([status, message.result?.content[0].text ?? message.error.message]);
  }
}

describe.each(servers)("a body that is read %s", (_, files) => {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-bodies-"));
  let server: Running;
  beforeAll(async () => {
    write(folder, { "bodies.mcp.json": manifest, ...files });
    expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
    server = await serveHttp(join(folder, "dist", "server.js"));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(cases)("%s", async (_what, pieces, answers) => {
    const got = await exchange(Number(server.url.port), pieces, answers.length);
    expect(got).toEqual(answers.map(([status, text]) => [status, expect.stringContaining(text)]));
  });

  test("a client that hangs up in the middle of its body leaves nothing behind that fails", async () => {
    const port = Number(server.url.port);
    for (let round = 0; round < 20; round++) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.on("error", () => {});
      socket.write(head(`Content-Length: ${called("gone").length}`) + called("gone").slice(0, round));
      await new Promise((resolve) => setTimeout(resolve, 1));
      socket.destroy();
    }
    expect(await exchange(port, [whole(called("still"))], 1)).toEqual([[200, "still"]]);
    expect(server.stderr()).toBe(`listening on ${server.url}\n`);
  });
});
