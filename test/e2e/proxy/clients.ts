import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as Stdio2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

/** A server to start, or the URL of one that runs. */
export type Target =
  URL | { readonly args: readonly string[]; readonly cwd: string; readonly env?: Record<string, string> };

/** What the tests use of the official clients. */
export interface ProxyClient {
  readonly asked: string[];
  callTool(
    name: string,
    input?: object,
    options?: { onprogress?: (progress: unknown) => void; signal?: AbortSignal },
  ): Promise<any>;
  readonly client: any;
  close(): Promise<void>;
}

const info = { name: "test", version: "1.0.0" };
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

/** Returns the answers of the test's user, model and client, and notes what was asked. */
function answers(asked: string[], root: string) {
  return {
    elicit: ({ params }: any) => {
      asked.push(params.message);
      return { action: "accept" as const, content: { name: "Ada", check: true } };
    },
    sample: ({ params }: any) => {
      asked.push(JSON.stringify(params.messages));
      return { role: "assistant" as const, content: { type: "text" as const, text: "Paris" }, model: "test" };
    },
    roots: () => ({ roots: [{ uri: pathToFileURL(root).href, name: "work" }] }),
  };
}

async function connect1(target: Target, root: string): Promise<ProxyClient> {
  const asked: string[] = [];
  const given = answers(asked, root);
  const client = new Client1(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, given.elicit);
  client.setRequestHandler(CreateMessageRequestSchema, given.sample);
  client.setRequestHandler(ListRootsRequestSchema, given.roots);
  const transport =
    target instanceof URL ? new Http1(target) : new Stdio1({ command: "node", stderr: "ignore", ...mutable(target) });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    asked,
    client,
    callTool: (name, input = {}, options = {}) =>
      client.callTool({ name, arguments: { ...input } }, undefined, options as object),
    close: () => client.close(),
  };
}

async function connect2(target: Target, root: string, mode: "legacy" | { pin: string }): Promise<ProxyClient> {
  const asked: string[] = [];
  const given = answers(asked, root);
  const client = new Client2(info, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler("elicitation/create", given.elicit as never);
  client.setRequestHandler("sampling/createMessage", given.sample as never);
  client.setRequestHandler("roots/list", given.roots as never);
  await client.connect(
    target instanceof URL ? new Http2(target) : new Stdio2({ command: "node", stderr: "ignore", ...mutable(target) }),
  );
  return {
    asked,
    client,
    callTool: (name, input = {}, options = {}) => client.callTool({ name, arguments: { ...input } }, options as object),
    close: () => client.close(),
  };
}

function mutable({ args, cwd, env = {} }: Exclude<Target, URL>) {
  return { args: [...args], cwd, env: { ...(process.env as Record<string, string>), ...env } };
}

export const proxyClients: readonly (readonly [
  name: string,
  connect: (target: Target, root: string) => Promise<ProxyClient>,
])[] = [
  ["sdk 1.x", connect1],
  ["client 2.x, legacy", (target, root) => connect2(target, root, "legacy")],
  ["client 2.x, 2026-07-28", (target, root) => connect2(target, root, { pin: "2026-07-28" })],
];

export interface Served {
  readonly url: URL;
  readonly process: ChildProcess;
  readonly stderr: () => string;
  stop(): Promise<void>;
}

/** Starts a server that prints its address to standard error. */
export async function serve(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  address = /^listening on (\S+)$/m,
): Promise<Served> {
  const child = spawn("node", args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  const url = await new Promise<URL>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
      const found = address.exec(stderr)?.[1];
      if (found !== undefined) resolve(new URL(found));
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${stderr}`)));
  });
  return {
    url,
    process: child,
    stderr: () => stderr,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
