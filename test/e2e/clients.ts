import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");

/** The bundle of an example project, as `mcpc build` left it. */
export const serverOf = (fixture: string): string => join(fixtures, fixture, "dist", "server.js");

/** What of a room of the runtime is in the bundle of an example project, as its source map says. */
export function sourcesOf(fixture: string, room: string): string[] {
  const { sources } = JSON.parse(readFileSync(`${serverOf(fixture)}.map`, "utf8")) as { sources: string[] };
  return sources.filter((source) => source.startsWith(`@mcpc/runtime/${room}/`));
}

export interface Running {
  readonly url: URL;
  readonly process: ChildProcess;
  readonly stderr: () => string;
  stop(): Promise<void>;
}

/** Starts a built server on a free port. */
export function serveHttp(script: string, ...options: string[]): Promise<Running> {
  return serveHttpWith({}, script, ...options);
}

/** The same, with environment variables besides those of the test. */
export async function serveHttpWith(
  environment: Readonly<Record<string, string>>,
  script: string,
  ...options: string[]
): Promise<Running> {
  const process = spawn("node", [script, "--transport", "http", "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...globalThis.process.env, ...environment },
  });
  let stderr = "";
  const url = await new Promise<URL>((resolve, reject) => {
    process.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
      const address = /^listening on (\S+)$/m.exec(stderr)?.[1];
      if (address !== undefined) resolve(new URL(address));
    });
    process.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${stderr}`)));
  });
  return {
    url,
    process,
    stderr: () => stderr,
    stop: async () => {
      if (process.exitCode !== null) return;
      process.kill("SIGTERM");
      await once(process, "exit");
    },
  };
}

/** What the tests use of a client; the two official ones have it under the same names. */
export type Client = Pick<
  Client1,
  "callTool" | "listTools" | "listResources" | "listResourceTemplates" | "readResource" | "listPrompts" | "getPrompt"
> & { close(): Promise<void>; getServerVersion(): { name: string; version: string } | undefined };

export interface ClientKind {
  readonly name: string;
  readonly revision: string;
  /** What the client calls a resource that does not exist; 2.x uses one code for all revisions. */
  readonly notFound: number;
  /** Where `callTool` takes its options. */
  readonly optionsAt: 1 | 2;
  /** Connects to a URL, or to a script over stdio. */
  readonly connect: (target: URL | string, headers?: Record<string, string>) => Promise<Client>;
}

const info = { name: "test", version: "1.0.0" };

export const clients: readonly ClientKind[] = [
  {
    name: "sdk 1.x",
    revision: "2025-11-25",
    notFound: -32002,
    optionsAt: 2,
    connect: async (target, headers = {}) => {
      const client = new Client1(info, { capabilities: {} });
      const transport =
        target instanceof URL
          ? new Http1(target, { requestInit: { headers } })
          : new Stdio1({ command: "node", args: [target], stderr: "ignore" });
      await client.connect(transport as Parameters<typeof client.connect>[0]);
      return client as unknown as Client;
    },
  },
  {
    name: "client 2.x, legacy",
    revision: "2025-11-25",
    notFound: -32602,
    optionsAt: 1,
    connect: (target, headers) => connect2(target, "legacy", headers),
  },
  {
    name: "client 2.x, 2026-07-28",
    revision: "2026-07-28",
    notFound: -32602,
    optionsAt: 1,
    connect: (target, headers) => connect2(target, { pin: "2026-07-28" }, headers),
  },
];

async function connect2(
  target: URL | string,
  mode: "legacy" | { pin: string },
  headers: Record<string, string> = {},
): Promise<Client> {
  const client = new Client2(info, { capabilities: {}, versionNegotiation: { mode } });
  const transport =
    target instanceof URL
      ? new Http2(target, { requestInit: { headers } })
      : new Stdio2({ command: "node", args: [target], stderr: "ignore" });
  await client.connect(transport);
  return client as unknown as Client;
}
