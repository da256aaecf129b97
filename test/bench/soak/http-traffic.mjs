// What clients do over HTTP, well and badly. Each is a function of the servers that resolves when it is over.
import { message, modern, openSession, pick, send } from "./wire.mjs";

const call = (name, input, options) => message("tools/call", { name, arguments: input }, options);
const currencies = ["EUR", "GBP", "USD"];
const job = () => ({ pages: pick(1, 5, 20), msPerPage: pick(0, 1, 5) });
const progress = () => ({ meta: { progressToken: 1 } });

export const httpTraffic = {
  "a call": ({ rates }) =>
    modern(rates.url, call("get_rate", { currency: pick(...currencies), unit: pick(...currencies) })),
  "a call that fails": ({ rates }) => modern(rates.url, call("get_rate", { currency: "XXX", unit: "YYY" })),
  "invalid arguments": ({ rates }) => modern(rates.url, call("get_rate", { currency: Math.random() })),
  "a change": ({ rates }) =>
    modern(rates.url, call("set_rate", { currency: pick(...currencies), dollars: Math.random() + 1 })),
  "a resource": ({ rates }) =>
    modern(
      rates.url,
      message("resources/read", { uri: pick("rates://currencies", `rates://${pick(...currencies)}/dollars`) }),
    ),
  "a resource that is not there": ({ rates }) => {
    const letters = Array.from({ length: 3 }, () => String.fromCharCode(65 + Math.random() * 26)).join("");
    return modern(rates.url, message("resources/read", { uri: `rates://${letters}/dollars` }));
  },
  "a list": ({ rates }) => modern(rates.url, message(pick("tools/list", "resources/list", "server/discover"))),
  "a job, to its end": ({ archive }) => modern(archive.url, call("index_pages", job(), progress())),
  "a job, and hangs up": ({ archive }) =>
    modern(archive.url, call("index_pages", { pages: 1000, msPerPage: 5 }, progress()), {
      hangUp: pick("first bytes", 0, 3, 30),
    }),
  garbage: ({ archive, rates }) =>
    send(pick(archive, rates).url, {
      body: pick("", "{", "[]", "null", "[[[[", '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":{},"method":7}', "\u0000"),
    }),
  "a body that is too long": ({ archive }) => send(archive.url, { body: `"${"x".repeat(150_000)}"` }),
  "wrong headers": ({ rates }) =>
    send(rates.url, {
      body: call("get_rate", {}),
      headers: { "mcp-method": "tools/list", "mcp-protocol-version": "1" },
    }),
  "a wrong path or verb": ({ rates }) =>
    send(new URL(pick("/", "/mcp"), rates.url), { method: pick("PUT", "GET", "DELETE") }),
  "a subscription": ({ rates }) =>
    modern(
      rates.url,
      message("subscriptions/listen", { notifications: { resourcesListChanged: true, toolsListChanged: true } }),
      {
        hangUp: pick("first bytes", 50, 500),
      },
    ),
  "a subscription that is never read": ({ rates }) =>
    modern(rates.url, message("subscriptions/listen", { notifications: { toolsListChanged: true } }), {
      slow: true,
      hangUp: 2000,
    }),
  "a session, ended": async ({ archive }) => {
    const headers = await openSession(archive.url);
    if (headers === undefined) return;
    await send(archive.url, { body: call("pages_indexed", {}, { legacy: true }), headers });
    await send(archive.url, { body: call("index_pages", job(), { legacy: true, ...progress() }), headers });
    return send(archive.url, { method: "DELETE", headers });
  },
  "a session, left": async ({ archive, rates }) => {
    const { url } = pick(archive, rates);
    const headers = await openSession(url);
    if (headers === undefined) return;
    await send(url, { body: message("tools/list", {}, { legacy: true }), headers });
    return send(url, { method: "GET", headers, hangUp: pick(10, 300) });
  },
  "a session, left in the middle of a call": async ({ archive }) => {
    const headers = await openSession(archive.url);
    if (headers === undefined) return;
    const body = call("index_pages", { pages: 20, msPerPage: 10 }, { legacy: true, ...progress() });
    return send(archive.url, { body, headers, hangUp: "first bytes" });
  },
  "events of a tool": ({ archive }) =>
    send(new URL("/mcp/tools/index_pages/sse", archive.url), {
      body: { pages: pick(1, 10), msPerPage: 1 },
      hangUp: pick(undefined, "first bytes"),
    }),
  "events of a run that nobody had": ({ archive }) =>
    send(new URL("/mcp/tools/index_pages/sse?pages=1", archive.url), {
      method: "GET",
      headers: { "last-event-id": "x-1" },
    }),
};
