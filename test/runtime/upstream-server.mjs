// A server of the revision 2025-11-25 on standard streams, with a tool for each thing that a proxy must pass on.
import { createInterface } from "node:readline";

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (value) => ({
  content: [{ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) }],
});
const answers = new Map();
const cancelled = [];
const running = new Map();
const subscribed = [];
let asked = 0;
let calls = 0;

function ask(method, params) {
  const id = `question ${++asked}`;
  send({ id, method, params });
  return new Promise((resolve) => answers.set(id, resolve));
}

const form = { type: "object", properties: { name: { type: "string" } } };
const elicit = (message) => ask("elicitation/create", { message, requestedSchema: form });

const tools = {
  wait: (id, _input, progress) => {
    running.set(id, "wait");
    progress(1);
    return new Promise(() => {});
  },
  cancelled: () => text(cancelled),
  steps: (_id, { count }, progress) => {
    for (let step = 1; step <= count; step++) progress(step, count, `step ${step}`);
    return text("done");
  },
  pid: () => text(String(process.pid)),
  die: (_id, { stderr, code }) => {
    process.stderr.write(stderr);
    process.stderr.end(() => process.exit(code));
    return new Promise(() => {});
  },
  ask: async () => {
    const call = ++calls;
    const first = await elicit("Who?");
    if (first.error) return text(`refused: ${first.error.message}`);
    const second = await elicit(`Who else, ${first.result.content.name}?`);
    return text(`${first.result.content.name} and ${second.result.content.name} in call ${call}`);
  },
  sample: async () => text((await ask("sampling/createMessage", { messages: [], maxTokens: 5 })).result ?? "refused"),
  hold: async (_id, _input, progress) => {
    progress(1);
    const { error, result } = await elicit("Hold?");
    return text(error ? `refused: ${error.message}` : result.content.name);
  },
  garbage: () => {
    process.stdout.write("npm WARN something\n\n{not json\n[1]\n");
    return text("clean");
  },
  fail: () => {
    throw { code: -31999, message: "no such thing", data: { hint: ["x"] } };
  },
  failed: () => ({ content: [], isError: true, structuredContent: { no: "match" }, _meta: { "a/b": 1 } }),
  where: () => text({ cwd: process.cwd(), env: process.env }),
  log: () => {
    send({ method: "notifications/message", params: { level: "debug", logger: "l", data: "quiet" } });
    send({ method: "notifications/message", params: { level: "error", logger: "l", data: { loud: true } } });
    return text("logged");
  },
  update: () => {
    for (const uri of subscribed) send({ method: "notifications/resources/updated", params: { uri } });
    return text(subscribed);
  },
  grow: () => {
    send({ method: "notifications/tools/list_changed" });
    return text("grown");
  },
  stubborn: () => {
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);
    return text(String(process.pid));
  },
  huge: () => {
    const piece = "x".repeat(2 ** 20);
    for (let at = 0; at < 70; at++) process.stdout.write(piece);
    return text("end");
  },
};

const methods = {
  initialize: (_id, { capabilities }) => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
    serverInfo: { name: "upstream", version: "1", client: capabilities },
  }),
  "logging/setLevel": () => ({}),
  "resources/subscribe": (_id, { uri }) => (subscribed.push(uri), {}),
  "tools/list": () => ({
    tools: [...Object.keys(tools), "brand_new"].map((name) => ({
      name,
      inputSchema: { type: "object", properties: {} },
    })),
  }),
  "resources/list": () => ({ resources: [] }),
  "resources/templates/list": () => ({ resourceTemplates: [] }),
  "tools/call": (id, { name, arguments: input, _meta }) => {
    const progressToken = _meta?.progressToken;
    const progress = (progress, total, message) =>
      progressToken !== undefined &&
      send({ method: "notifications/progress", params: { progressToken, progress, total, message } });
    return tools[name](id, input, progress);
  },
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, method, params = {}, result, error } = JSON.parse(line);
  if (method === undefined) return answers.get(id)?.({ result, error });
  if (method === "notifications/cancelled") return void cancelled.push(running.get(params.requestId) ?? "unknown");
  if (id === undefined) return;
  if (methods[method] === undefined) return send({ id, error: { code: -32601, message: "Method not found" } });
  try {
    send({ id, result: await methods[method](id, params) });
  } catch (error) {
    send({ id, error });
  }
});
