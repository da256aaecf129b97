// How large `dist/server.js` is, by what the manifest turns on.
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { built } from "../project.mjs";

const stdio = { runtime: { transports: { stdio: {} } } };
const cases = {
  "one tool, stdio": stdio,
  "and HTTP": { runtime: { transports: { stdio: {}, http: {} } } },
  "and HTTP+SSE": { runtime: { transports: { stdio: {}, http: {}, sse: {} } } },
  "and streams of tools": { runtime: { transports: { stdio: {}, http: {}, sse: {}, toolEvents: {} } } },
  "and WebSocket": { runtime: { transports: { stdio: {}, http: {}, sse: {}, toolEvents: {}, websocket: {} } } },
  "one tool, stdio, and a resource": { ...stdio, resources: [{ uri: "bench://text", name: "text", text: "Text." }] },
  "one tool, stdio, and a prompt": {
    ...stdio,
    prompts: [{ name: "ask", messages: [{ role: "user", content: { type: "text", text: "Ask." } }] }],
  },
};

/** The smallest of servers, as `test/house/budgets.test.ts` has it. */
const small = {
  ...stdio,
  tools: [{ name: "say", inputSchema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } }],
};

export function measure() {
  return Object.entries({ "one tool of one number, stdio": small, ...cases }).flatMap(([name, more]) => {
    const bytes = fs.readFileSync(built(1, more));
    return [
      { what: "dist/server.js", name, value: bytes.length, unit: "bytes" },
      { what: "dist/server.js, compressed", name, value: gzipSync(bytes).length, unit: "bytes" },
    ];
  });
}
