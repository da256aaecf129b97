// What callers do whom a server asks for a token of an authorization server: good tokens, and expired, wrong or missing ones.
import { randomUUID } from "node:crypto";
import * as http from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import WebSocket from "ws";
import { bearer, message, modern, openSession, pick, send } from "./wire.mjs";

const audience = "https://projects.example/mcp";
/** Time for which a caller uses one token, and for which the authorization server signs with one key. */
const tokenMs = 20_000;
const keyMs = 60_000;

/** An authorization server whose keys change. Each is published for a while before and after it signs. */
export async function startIssuer() {
  const create = async () => ({ kid: randomUUID(), ...(await generateKeyPair("ES256", { extractable: true })) });
  let keys = [await create(), await create(), await create()];
  const stranger = await create();
  const timer = setInterval(async () => (keys = [...keys.slice(1), await create()]), keyMs);
  const server = http.createServer(async (request, response) => {
    const published = keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg: "ES256" }));
    const body =
      request.url === "/keys" ? { keys: await Promise.all(published) } : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const current = new Map();

  /** A token of a user, with other claims or another key where it is to be refused. */
  function sign(claims = {}, { kid, privateKey } = keys[1]) {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: issuer, aud: audience, sub: "ada", scope: "projects:read", exp: now + 60, ...claims })
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(privateKey);
  }

  return {
    env: { OAUTH_ISSUER: issuer, OAUTH_RESOURCE: audience, MCPC_LOG_LEVEL: "error" },
    sign,
    stranger,
    known: () => keys[1],
    /** The token that a user has at the moment. */
    token(sub) {
      const { token, until } = current.get(sub) ?? { until: 0 };
      if (Date.now() < until) return token;
      const next = sign({ sub });
      current.set(sub, { token: next, until: Date.now() + tokenMs });
      return next;
    },
    stop() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}

const call = (name, input, options) => message("tools/call", { name, arguments: input }, options);
const users = ["ada", "grace", "lin"];
/** Seconds since 1970. The tolerance of clocks is five seconds. */
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
const held = async ({ issuer }) => ({ headers: bearer(await issuer.token(pick(...users))) });
const answered = async ({ projects }, token, body, more) =>
  modern(projects.url, body, { headers: bearer(await token), ...more });
const listen = () => message("subscriptions/listen", { notifications: { toolsListChanged: true } });

export const oauthTraffic = {
  "a call with a token": async (servers) => modern(servers.projects.url, call("whoami", {}), await held(servers)),
  "a call within the scopes of a token": async (servers) =>
    modern(servers.projects.url, call("list_projects", {}), await held(servers)),
  "a list with a token": async (servers) => modern(servers.projects.url, message("tools/list"), await held(servers)),
  "a call beyond the scopes of a token": async (servers) =>
    modern(servers.projects.url, call("create_project", { name: "x" }), await held(servers)),
  "a call with a token that nobody has used": (servers) =>
    answered(servers, servers.issuer.sign({ jti: randomUUID() }), call("whoami", {})),
  "a call without a token": ({ projects }) => modern(projects.url, call("whoami", {})),
  "a call with an expired token": (servers) =>
    answered(servers, servers.issuer.sign({ exp: inSeconds(-60) }), call("whoami", {})),
  "a call with a token for another server": (servers) =>
    answered(servers, servers.issuer.sign({ aud: "https://other.example" }), call("whoami", {})),
  "a call with a token of an unknown key": (servers) =>
    answered(servers, servers.issuer.sign({}, { ...servers.issuer.stranger, kid: randomUUID() }), call("whoami", {})),
  "a call with a forged token": (servers) =>
    answered(
      servers,
      servers.issuer.sign({}, { ...servers.issuer.stranger, kid: servers.issuer.known().kid }),
      call("whoami", {}),
    ),
  "a call with what is no token": (servers) =>
    answered(servers, pick("a.b.c", randomUUID(), "x".repeat(8000)), call("whoami", {})),
  "a subscription that outlives its token": (servers) =>
    answered(servers, servers.issuer.sign({ exp: inSeconds(-3) }), listen(), { hangUp: 3000 }),
  "a session of a user, left": async (servers) => {
    const { projects } = servers;
    const own = await openSession(projects.url, await held(servers));
    if (own === undefined) return;
    await send(projects.url, { body: call("whoami", {}, { legacy: true }), headers: own });
    const other = { ...own, ...bearer(await servers.issuer.token("eve")) };
    await send(projects.url, { body: call("whoami", {}, { legacy: true }), headers: other });
    return send(projects.url, { method: "GET", headers: own, hangUp: pick(10, 300) });
  },
  "events of a user's tool": async (servers) =>
    send(new URL("/mcp/tools/whoami/sse", servers.projects.url), { method: "GET", ...(await held(servers)) }),
  "a socket of a user": async (servers) => {
    const url = String(servers.projects.url).replace(/^http(.*)mcp$/, "ws$1ws");
    const socket = new WebSocket(url, "mcp", await held(servers));
    socket.on("open", () => {
      socket.send(JSON.stringify(call("whoami", {})));
      setTimeout(() => socket.close(), pick(50, 2000));
    });
    return new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
  },
  "the metadata": ({ projects }) =>
    send(new URL("/.well-known/oauth-protected-resource/mcp", projects.url), { method: "GET" }),
};
