import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defineServer } from "@mcpc/runtime/codegen/v1";
import { createFetch } from "@mcpc/runtime/codegen/v1/fetch";
import { createListener } from "@mcpc/runtime/codegen/v1/node-http";
import { http, server } from "../../../fixtures/contract/generated/server.js";
import { serveHttp, serverOf, type Running } from "../clients.js";
import { httpLink, sseLink, stdioLink, webSocketLink, type Link } from "./link.js";
import { modernVersion } from "./client.js";

export interface Transport {
  readonly name: string;
  /** Why a revision has no business here. */
  readonly without?: (version: string) => string | undefined;
  /** Why what needs a session is not to be had. */
  readonly sessionless?: string;
  /** Served by the one process that the others of its kind share. */
  readonly together?: true;
  /** Answers carry an HTTP status. */
  readonly http?: boolean;
  readonly open: () => Promise<Link>;
}

const script = serverOf("contract");
let serving: Promise<Running> | undefined;
/** One process for all that is served over HTTP. */
export const running = (): Promise<Running> => (serving ??= serveHttp(script));

const { definition, surface } = server;
/** The server within this process, where nobody reads its log. */
const quiet = () => defineServer(surface, definition.handlers, () => ({ ...definition.surround(), logger: () => {} }));

let stateless: Promise<{ url: string; close: () => void }> | undefined;
/** The same server without sessions, which only its manifest could turn off. */
const withoutSessions = () =>
  (stateless ??= new Promise((resolve) => {
    const listening = createServer(createListener(quiet(), { ...http, sessions: false }));
    listening.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/mcp`;
      resolve({ url, close: () => void (listening.closeAllConnections(), listening.close()) });
    });
  }));

export async function stopAll(): Promise<void> {
  await (await serving)?.stop();
  (await stateless)?.close();
  // Another file of the same process starts servers of its own.
  serving = stateless = undefined;
}

const handle = createFetch(quiet(), http);

export const transports: readonly Transport[] = [
  { name: "stdio", open: () => stdioLink(script) },
  {
    name: "Streamable HTTP",
    http: true,
    together: true,
    open: async () => httpLink((await running()).url.href, fetch),
  },
  {
    name: "Streamable HTTP without sessions",
    http: true,
    sessionless: "without sessions nothing lasts from one request to the next",
    without: (version) =>
      version === "2024-11-05" ? "its requests do not tell their revision, and no session remembers it" : undefined,
    open: async () => httpLink((await withoutSessions()).url, fetch),
  },
  {
    name: "HTTP+SSE",
    together: true,
    without: (version) =>
      version === modernVersion ? "HTTP+SSE ended with the revisions that have a handshake" : undefined,
    open: async () => sseLink((await running()).url),
  },
  { name: "WebSocket", together: true, open: async () => webSocketLink(`ws://${(await running()).url.host}/ws`) },
  { name: "the bare fetch entry", http: true, open: () => httpLink("http://localhost/mcp", handle) },
];
