import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { HttpOptions } from "../../runtime/transports/http/endpoint.js";
import { createFetch } from "../../runtime/transports/http/fetch.js";

export const options: HttpOptions = { path: "/mcp", host: "127.0.0.1", port: 0, allowedOrigins: [], allowedHosts: [] };

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  /** As `Headers` or as Node's raw list, in which one name may come twice. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Asks a server once; an event stream is not read. */
export type Door = (server: Server, options: HttpOptions, ask: Ask) => Promise<Told>;

/** Both ways to serve HTTP: `fetch` in this process, and Node's listener over a connection. */
export const doors: readonly (readonly [string, Door])[] = [
  ["fetch", throughFetch],
  ["node:http", throughNode],
];

async function throughFetch(
  server: Server,
  served: HttpOptions,
  { method = "POST", path = "/mcp", headers = {}, body }: Ask,
): Promise<Told> {
  const init = { method, headers, ...(body !== undefined && { body }) };
  const response = await createFetch(server, served)(new Request(`http://localhost${path}`, init));
  const isStream = response.headers.get("content-type") === "text/event-stream";
  if (isStream) await response.body!.cancel();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: isStream ? "" : await response.text(),
  };
}

async function throughNode(
  server: Server,
  served: HttpOptions,
  { method = "POST", path = "/mcp", headers = {}, body = "" }: Ask,
): Promise<Told> {
  const http = createServer(createListener(server, served));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, path, headers: { host: "localhost", ...headers } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const told = { status: response.statusCode!, headers: response.headers as Record<string, string> };
      if (response.headers["content-type"] === "text/event-stream") {
        response.destroy();
        return resolve({ ...told, text: "" });
      }
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ ...told, text }));
    });
    sent.end(body);
  });
}
