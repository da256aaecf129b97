// Answers as JSON beside answers as event streams (a notification of progress, then the answer), over HTTP; and the time
// until one update has reached 1,000 subscribers.
import * as fs from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { burst, once, post } from "../load/http.mjs";
import { serving } from "../load/server.mjs";
import { build, here, project } from "../project.mjs";
import { paired, row } from "../rounds.mjs";
import { answer, call, inEra } from "../surface.mjs";

const uri = "bench://watched";
export const more = {
  runtime: { transports: { http: {} } },
  resources: [{ uri, name: "watched", text: "Watched.", subscribe: true }],
};
/** The tool tells of its progress where it is asked to, and of an update when there is no label. */
export const handler = `export const sum = ({ a, b, label }: { a: number; b: number; label?: string }, { progress, notify }: { progress: (n: number) => void; notify: { resourceUpdated: (uri: string) => void } }) => {
  if (label === undefined) notify.resourceUpdated(${JSON.stringify(uri)});
  progress(1);
  return String(a + b);
};
`;
const modern = (method, name) => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(name && { "mcp-name": name }),
});

export async function measure({ quick }) {
  const folder = project(10, more);
  fs.writeFileSync(join(folder, "src", "sum.ts"), handler);
  build(folder);
  const bare = await serving([join(here, "servers", "bare-http.mjs"), "10"]);
  const mcpc = await serving([join(folder, "dist", "server.js"), "--transport", "http", "--port", "0"]);
  const rows = [...(await answered(bare, mcpc, quick)), ...(await told(bare, mcpc, quick))];
  for (const server of [bare, mcpc]) server.close();
  return rows;
}

async function answered(bare, mcpc, quick) {
  const message = (streamed) => {
    const { _meta, ...params } = inEra("modern", { name: "tool_7", arguments: call });
    return {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { ...params, _meta: { ..._meta, ...(streamed && { progressToken: 1 }) } },
    };
  };
  const headers = modern("tools/call", "tool_7");
  const cases = {
    "bare loop": { port: bare.port, request: post(bare.port, "/mcp", message(false), headers) },
    "bare loop, stream": { port: bare.port, request: post(bare.port, "/stream", message(true), headers) },
    "mcpc, JSON": { port: mcpc.port, request: post(mcpc.port, "/mcp", message(false), headers) },
    "mcpc, stream": { port: mcpc.port, request: post(mcpc.port, "/mcp", message(true), headers) },
  };
  for (const [name, { port, request }] of Object.entries(cases)) {
    const { head, body } = await once(port, request);
    const streamed = /content-type: *text\/event-stream/i.test(head);
    if (streamed !== name.includes("stream") || !body.includes(`"${answer}"`))
      throw new Error(`${name}: ${head}\n\n${body}`);
  }
  const baselineOf = (name) => (name.includes("stream") ? "bare loop, stream" : "bare loop");
  const pairs = await paired(quick ? 3 : 7, cases, baselineOf, async ({ port, request }) => {
    const { answers, ms } = await burst(port, 32, request, quick ? 300 : 500);
    return (answers / ms) * 1000;
  });
  return Object.keys(cases).map((name) => ({
    ...row("HTTP tools/call, JSON and streams", name, pairs[name]),
    unit: "/s",
  }));
}

async function told(bare, mcpc, quick) {
  const count = quick ? 100 : 1000;
  const { label: _, ...unlabelled } = call;
  const listen = inEra("modern", { notifications: { resourceSubscriptions: [uri] } });
  const publish = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: inEra("modern", { name: "tool_7", arguments: unlabelled }),
  };
  const cases = {
    "bare loop": await subscribers(
      count,
      bare.port,
      post(bare.port, "/events", {}),
      post(bare.port, "/publish", publish),
    ),
    mcpc: await subscribers(
      count,
      mcpc.port,
      post(
        mcpc.port,
        "/mcp",
        { jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: listen },
        modern("subscriptions/listen"),
      ),
      post(mcpc.port, "/mcp", publish, modern("tools/call", "tool_7")),
    ),
  };
  const pairs = await paired(
    quick ? 3 : 11,
    cases,
    () => "bare loop",
    (publish) => publish(),
  );
  for (const name of Object.keys(cases)) cases[name].close();
  return Object.keys(cases).map((name) => ({
    ...row(`one update to ${count} subscribers`, name, pairs[name]),
    unit: "ms",
  }));
}

/** Streams that wait for updates. The function publishes one, and resolves with the time until all have it. */
async function subscribers(count, port, listen, publish) {
  let events = 0;
  let enough = () => {};
  const arrived = (number) => new Promise((resolve) => (enough = () => events >= number && resolve()));
  const sockets = [];
  const ready = arrived(count);
  for (let index = 0; index < count; index++) {
    const socket = connect({ port, host: "127.0.0.1" }).on("error", () => {});
    socket.on("data", (bytes) => {
      for (let at = bytes.indexOf("data: "); at !== -1; at = bytes.indexOf("data: ", at + 1)) events += 1;
      enough();
    });
    socket.write(listen);
    sockets.push(socket);
    // As many as a server's backlog takes.
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ready;
  const publishing = async () => {
    events = 0;
    const all = arrived(count);
    const from = performance.now();
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write(publish);
    await all;
    socket.destroy();
    return performance.now() - from;
  };
  return Object.assign(publishing, { close: () => sockets.forEach((socket) => socket.destroy()) });
}
