// What callers do whom a server asks who they are: with a key, without one, with one that is taken away.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { bearer, message, modern, openSession, pick, send } from "./wire.mjs";

const key = { ada: "ada-0123456789abcdef", guest: "guest-0123456789abcdef" };
const whoami = (options) => message("tools/call", { name: "whoami", arguments: {} }, options);
const guarded = (url, body, headers, more) => modern(url, body, { headers, ...more });

/** A file of keys, out of which one is taken and put back in turn. */
export function keyFile(everyMs) {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-soak-"));
  const path = join(folder, "keys");
  let guests = false;
  function write() {
    guests = !guests;
    writeFileSync(`${path}.new`, [`ada:${key.ada}`, ...(guests ? [`guest:${key.guest}`] : [])].join("\n"));
    renameSync(`${path}.new`, path);
  }
  write();
  const timer = setInterval(write, everyMs);
  return {
    path,
    remove() {
      clearInterval(timer);
      rmSync(folder, { recursive: true });
    },
  };
}

export const guardedTraffic = {
  "a call with a key": ({ notes }) => guarded(notes.url, whoami(), bearer(key.ada)),
  "a list with a key that may be gone": ({ notes }) =>
    guarded(notes.url, message("tools/list"), bearer(pick(key.ada, key.guest))),
  "a call without a key": ({ notes }) => modern(notes.url, whoami()),
  "a call with a wrong key": ({ notes }) => guarded(notes.url, whoami(), bearer(`eve-${Math.random()}-0123456789`)),
  "a call with a malformed header": ({ notes }) =>
    guarded(notes.url, whoami(), { authorization: pick("Bearer", "Bearer a b", "Basic x", "ä".repeat(3)) }),
  "a key in the address": ({ notes }) =>
    guarded(new URL(`?access_token=${key.ada}`, notes.url), whoami(), bearer(key.ada)),
  "a subscription of a guest": ({ notes }) =>
    guarded(
      notes.url,
      message("subscriptions/listen", { notifications: { toolsListChanged: true } }),
      bearer(key.guest),
      { hangUp: pick(100, 3000) },
    ),
  "a session of a caller, left": async ({ notes }) => {
    const own = await openSession(notes.url, { headers: bearer(key.ada) });
    if (own === undefined) return;
    await send(notes.url, { body: whoami({ legacy: true }), headers: own });
    await send(notes.url, { body: whoami({ legacy: true }), headers: { ...own, ...bearer(key.guest) } });
    return send(notes.url, { method: "GET", headers: own, hangUp: pick(10, 300) });
  },
  "events of a caller's tool": ({ notes }) =>
    send(new URL("/mcp/tools/whoami/sse", notes.url), { method: "GET", headers: bearer(pick(key.ada, key.guest)) }),
  "a socket of a guest": ({ notes }) =>
    new Promise((resolve) => {
      const url = String(notes.url).replace(/^http(.*)mcp$/, "ws$1ws");
      const socket = new WebSocket(url, "mcp", { headers: bearer(pick(key.guest, "wrong-0123456789abcdef")) });
      socket.on("open", () => {
        socket.send(JSON.stringify(whoami()));
        setTimeout(() => socket.close(), pick(50, 3000));
      });
      socket.on("close", resolve).on("error", resolve);
    }),
};
