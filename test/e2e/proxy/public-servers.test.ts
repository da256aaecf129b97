import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { kept, mcpc } from "../project.js";
import { proxyClients, serve, type ProxyClient, type Served } from "./clients.js";

const packages = join(import.meta.dirname, "..", "..", "..", "node_modules", "@modelcontextprotocol");
const upstreamServer = join(import.meta.dirname, "..", "..", "runtime", "upstream-server.mjs");

type Step =
  | {
      readonly tool: string;
      readonly input?: object;
      /** Notes progress, or cancels the call at the first. */
      readonly progress?: "note" | "cancel";
      readonly needsOneClient?: true;
    }
  | { readonly read: string }
  | { readonly prompt: string; readonly input?: Record<string, string> }
  | { readonly complete: object };

interface PublicServer {
  readonly name: string;
  readonly script: string;
  /** Arguments, which may name files of the working directory. */
  readonly args?: readonly string[];
  /** A variable with the path of a file in the working directory. */
  readonly file?: readonly [variable: string, name: string];
  readonly steps: readonly Step[];
}

const ref = (name: string, argument: string, value: string, known?: object): Step => ({
  complete: {
    ref: { type: "ref/prompt", name },
    argument: { name: argument, value },
    ...(known && { context: { arguments: known } }),
  },
});

const servers: readonly PublicServer[] = [
  {
    name: "server-everything",
    script: "server-everything/dist/index.js",
    steps: [
      { tool: "echo", input: { message: "hi ✓" } },
      { tool: "get-sum", input: { a: 1, b: 2 } },
      { tool: "get-tiny-image" },
      { tool: "get-structured-content", input: { location: "New York" } },
      { tool: "get-annotated-message", input: { messageType: "error", includeImage: true } },
      { tool: "get-resource-links", input: { count: 3 } },
      { tool: "get-resource-reference", input: { resourceType: "Blob", resourceId: 2 } },
      { tool: "trigger-long-running-operation", input: { duration: 0.1, steps: 5 }, progress: "note" },
      { tool: "trigger-long-running-operation", input: { duration: 60, steps: 600 }, progress: "cancel" },
      { tool: "trigger-sampling-request", input: { prompt: "Capital of France?", maxTokens: 10 } },
      { tool: "trigger-elicitation-request" },
      { tool: "get-roots-list", needsOneClient: true },
      { read: "demo://resource/static/document/features.md" },
      { read: "demo://resource/dynamic/text/7" },
      { read: "demo://resource/dynamic/blob/7" },
      { read: "demo://resource/dynamic/text/none" },
      { prompt: "simple-prompt" },
      { prompt: "args-prompt", input: { city: "Oslo" } },
      { prompt: "resource-prompt", input: { resourceType: "Text", resourceId: "3" } },
      { prompt: "resource-prompt", input: { resourceType: "Text", resourceId: "none" } },
      ref("completable-prompt", "department", "S"),
      ref("completable-prompt", "name", "", { department: "Sales" }),
    ],
  },
  {
    name: "server-filesystem",
    script: "server-filesystem/dist/index.js",
    args: ["files"],
    steps: [
      { tool: "write_file", input: { path: "b.txt", content: "two\nlines" } },
      { tool: "read_text_file", input: { path: "b.txt", head: 1 } },
      { tool: "read_multiple_files", input: { paths: ["a.txt", "none.txt"] } },
      { tool: "edit_file", input: { path: "b.txt", edits: [{ oldText: "two", newText: "2" }], dryRun: true } },
      { tool: "list_directory", input: { path: "." } },
      { tool: "directory_tree", input: { path: "." } },
      { tool: "search_files", input: { path: ".", pattern: "*.txt" } },
      { tool: "list_allowed_directories" },
      { tool: "read_text_file", input: { path: "../outside" } },
    ],
  },
  {
    name: "server-memory",
    script: "server-memory/dist/index.js",
    file: ["MEMORY_FILE_PATH", "memory.json"],
    steps: [
      {
        tool: "create_entities",
        input: { entities: [{ name: "Ada", entityType: "person", observations: ["writes"] }] },
      },
      { tool: "create_entities", input: { entities: [{ name: "Bob", entityType: "person", observations: [] }] } },
      { tool: "create_relations", input: { relations: [{ from: "Ada", to: "Bob", relationType: "knows" }] } },
      { tool: "search_nodes", input: { query: "Ada" } },
      { tool: "add_observations", input: { observations: [{ entityName: "Nobody", contents: ["x"] }] } },
      { tool: "read_graph" },
      { tool: "delete_entities", input: { entityNames: ["Ada", "Bob"] } },
    ],
  },
];

/** Codes of one revision or client, with those of the others. */
const sameCodes: Readonly<Record<string, number>> = {
  // Of missing resources.
  [-32002]: -32602,
  // Of calls that client 2.x has cancelled.
  REQUEST_TIMEOUT: -32001,
};

/** Options of a call that notes its progress, and may cancel it at the first. */
function noting(progress: unknown[], kind: "note" | "cancel") {
  const controller = new AbortController();
  const onprogress = (each: any): void => {
    // Client 2.x reports that it answers a question, such as that for its roots, which the server asks at any time.
    if (each?.message?.startsWith("Fulfilling input required") === true) return;
    progress.push(each);
    if (kind === "cancel") controller.abort("enough");
  };
  return { onprogress, signal: controller.signal };
}

/** Takes a step, and returns its result or error, and what came before. */
async function take(step: Step, { client, callTool, asked }: ProxyClient): Promise<unknown> {
  const progress: unknown[] = [];
  asked.length = 0;
  const outcome = await (
    "tool" in step
      ? callTool(step.tool, step.input, step.progress ? noting(progress, step.progress) : {})
      : "read" in step
        ? client.readResource({ uri: step.read })
        : "prompt" in step
          ? client.getPrompt({ name: step.prompt, arguments: step.input ?? {} })
          : client.complete(step.complete)
  ).then(plain, ({ code, message }: { code: number | string; message: string }) => ({
    // Client 1.x puts a prefix in front of messages.
    error: { code: sameCodes[code] ?? code, message: message.replace(/^(?:MCP error -\d+: )+/, "") },
  }));
  // Client 1.x drops progress that arrives together with the result.
  return withoutTimes({ step, outcome, progress: progress.slice(0, 4), asked: [...asked] });
}

/** Removes what each revision or server adds to all results. */
function plain({ resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta, ...result }: any): object {
  const { "io.modelcontextprotocol/serverInfo": _info, ...meta } = _meta ?? {};
  return { ...result, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
}

/** Replaces the clock time in texts and blobs. */
function withoutTimes(value: unknown): unknown {
  const times = /\d{1,2}:\d{2}:\d{2}(?:\s[AP]M)?/g;
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      key === "blob" && typeof each === "string" ? Buffer.from(each, "base64").toString("latin1") : each,
    ).replace(times, "TIME"),
  );
}

describe.each(servers)("$name", ({ script, args = [], file, steps }) => {
  const cwd = join(kept({ "project/files/a.txt": "one" }), "project");
  const root = join(cwd, "files");
  const env: Record<string, string> = file ? { [file[0]]: join(cwd, file[1]) } : {};
  const original = [join(packages, script), ...args];
  const built = join(cwd, "dist", "server.js");
  let direct: unknown[];
  let served: Served;

  const run = async (client: ProxyClient, part = steps): Promise<unknown[]> => {
    const results: unknown[] = [];
    for (const step of part) results.push(await take(step, client));
    await client.close();
    return results;
  };

  beforeAll(async () => {
    direct = await run(await proxyClients[0]![1]({ args: original, cwd, env }, root));
    const command = `stdio:node ${original.map((each) => JSON.stringify(each)).join(" ")}`;
    const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const imported = mcpc(cwd, "import", command, "--handlers", "proxy", "--out", "a.mcp.json", ...variables);
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining("\nnext: ") });
    expect(mcpc(cwd, "build")).toMatchObject({ code: 0 });
    served = await serve([built, "--transport", "http", "--port", "0"], cwd, env);
  });
  afterAll(() => served?.stop());

  test("has results worth comparing", () => {
    expect(direct).toHaveLength(steps.length);
    expect(direct.filter((each) => !("error" in (each as { outcome: object }).outcome)).length).toBeGreaterThan(1);
  });

  // One server for clients of both generations is enough for the middle one.
  const clients = proxyClients.filter(([name]) => script.includes("everything") || name !== "client 2.x, legacy");

  test.each(clients)("%s gets the same results over stdio as from the server itself", async (_name, connect) => {
    expect(await run(await connect({ args: [built], cwd, env }, root))).toEqual(direct);
  });

  test.each(clients)("%s gets the same results over HTTP as from the server itself", async (_name, connect) => {
    // Roots belong to a connection, which clients of a server over HTTP share.
    const isShared = (step: Step): boolean => !("needsOneClient" in step);
    const expected = direct.filter((_, index) => isShared(steps[index]!));
    expect(await run(await connect(served.url, root), steps.filter(isShared))).toEqual(expected);
  });
});

describe("a cancellation", () => {
  const cwd = kept({
    "a.mcp.json": {
      server: { name: "front", version: "1.0.0" },
      upstreams: { notes: { command: "node", args: [upstreamServer] } },
      tools: ["wait", "cancelled"].map((name) => ({
        name,
        description: name,
        inputSchema: { type: "object", properties: {} },
        upstream: "notes",
      })),
    },
  });
  const built = join(cwd, "dist", "server.js");
  let served: Served;
  beforeAll(async () => {
    expect(mcpc(cwd, "build")).toMatchObject({ code: 0 });
    served = await serve([built, "--transport", "http", "--port", "0"], cwd);
  });
  afterAll(() => served?.stop());

  const ways = proxyClients.flatMap(([name, connect]) =>
    (["stdio", "HTTP"] as const).map((transport) => [name, transport, connect] as const),
  );
  test.each(ways)("by %s over %s reaches the upstream", async (_name, transport, connect) => {
    const { callTool, close } = await connect(transport === "stdio" ? { args: [built], cwd } : served.url, cwd);
    const told = async (): Promise<string[]> => JSON.parse((await callTool("cancelled")).content[0].text);
    const before = await told();
    await expect(callTool("wait", {}, noting([], "cancel"))).rejects.toThrow("enough");
    await vi.waitFor(async () => expect(await told()).toEqual([...before, "wait"]), { timeout: 60_000 });
    await close();
  });
});
