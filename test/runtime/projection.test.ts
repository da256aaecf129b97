import { expect, test } from "vitest";
import { connect } from "../../runtime/protocol/connection.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { textOf } from "../../runtime/protocol/json-rpc.js";
import { serverWith } from "./surface.js";

const tool = {
  name: "t",
  title: "T",
  icons: [{ src: "https://example.com/i.png" }],
  annotations: { readOnlyHint: true },
  inputSchema: { type: "object", properties: { any: true, none: false, text: { type: "string" } } },
  outputSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "array",
    items: { $ref: "#/$defs/X" },
    default: [{ $ref: "#/$defs/X" }],
    $defs: { X: { type: "object", properties: { default: { $ref: "#/$defs/X" }, self: { $ref: "#" } } } },
  },
  execution: { taskSupport: "optional" },
  _meta: { "a/b": 1 },
};
const asObjects = { type: "object", properties: { any: {}, none: { not: {} }, text: { type: "string" } } };
const wrapped = {
  $schema: tool.outputSchema.$schema,
  type: "object",
  properties: {
    result: {
      type: "array",
      items: { $ref: "#/properties/result/$defs/X" },
      default: [{ $ref: "#/$defs/X" }],
      $defs: {
        X: {
          type: "object",
          properties: { default: { $ref: "#/properties/result/$defs/X" }, self: { $ref: "#/properties/result" } },
        },
      },
    },
  },
  required: ["result"],
};
const { name, title, icons, annotations, execution, _meta } = tool;
const listed: Readonly<Record<string, object>> = {
  "2024-11-05": { name, inputSchema: asObjects },
  "2025-03-26": { name, annotations, inputSchema: asObjects },
  "2025-06-18": { name, title, annotations, inputSchema: asObjects, outputSchema: wrapped, _meta },
  "2025-11-25": { name, title, icons, annotations, inputSchema: asObjects, outputSchema: wrapped, execution, _meta },
  "2026-07-28": tool,
};
const argument = { name: "a", title: "A", required: true };
const others = {
  resources: {
    uri: "a:b",
    name: "r",
    title: "R",
    icons,
    size: 1,
    annotations: { priority: 1, lastModified: "2025-01-01T00:00:00Z" },
    _meta,
  },
  resourceTemplates: { uriTemplate: "a:{b}", name: "m", title: "M", icons, _meta },
  prompts: { name: "p", title: "P", icons, arguments: [argument], _meta },
};

/** An entry of another list, as a client of the revision is to see it. */
function other(list: keyof typeof others, version: string): object {
  const { title: titled, icons: pictures, _meta: more, ...rest } = others[list];
  const named = version >= "2025-06-18";
  const older = { annotations: { priority: 1 }, arguments: [{ name: "a", required: true }] };
  const kept = Object.entries(rest).map(([key, value]) => [key, named ? value : ((older as any)[key] ?? value)]);
  return {
    ...Object.fromEntries(kept),
    ...(named && { title: titled, _meta: more }),
    ...(version >= "2025-11-25" && { icons: pictures }),
  };
}

const identity: Readonly<Record<string, object>> = {
  "2024-11-05": { name: "made", version: "1.0.0" },
  "2025-03-26": { name: "made", version: "1.0.0" },
  "2025-06-18": { name: "made", version: "1.0.0", title: "Made" },
  "2025-11-25": {
    name: "made",
    version: "1.0.0",
    title: "Made",
    description: "By hand.",
    websiteUrl: "https://example.com",
  },
};
const link = { type: "resource_link", uri: "file:///a", name: "a", title: "The A" };
const audio = { type: "audio", data: "AAAA", mimeType: "audio/wav" };
const asText = { type: "text", text: "The A\nfile:///a" };
const content: Readonly<Record<string, object[]>> = {
  "2024-11-05": [
    asText,
    { type: "resource", resource: { uri: "audio:attachment", mimeType: "audio/wav", blob: "AAAA" } },
  ],
  "2025-03-26": [asText, audio],
  "2025-06-18": [link, audio],
  "2025-11-25": [link, audio],
  "2026-07-28": [link, audio],
};
const structured: Readonly<Record<string, unknown>> = {
  "2024-11-05": undefined,
  "2025-03-26": undefined,
  "2025-06-18": { result: [1] },
  "2025-11-25": { result: [1] },
  "2026-07-28": [1],
};

test.each(Object.keys(listed))("what a client of %s is sent", async (version) => {
  const handler = () => ({ content: [link, audio], structuredContent: [1] });
  const made = serverWith({ t: handler as never }, { surface: { wraps: true } });
  const resource = { uri: "a:b" };
  const template = { uriTemplate: "a:{b}", pattern: "a:(.*)", variables: ["b"] };
  const prompt = { name: "p", arguments: [{ name: "a", required: true, completed: true }] };
  const listings = Object.entries({ tools: tool, ...others }).map(([list, entry]) => [list, [JSON.stringify(entry)]]);
  const server = defineServer(
    {
      ...made.surface,
      resources: [resource],
      resourceTemplates: [template],
      prompts: [prompt],
      listings: async () => Object.fromEntries(listings),
    },
    made.handlers,
    () => ({ logger: () => {} }),
  );
  const answers: any[] = [];
  const arrived: ((message: any) => void)[] = [];
  const connection = connect(server, (message) => arrived.shift()!(JSON.parse(textOf(message))));
  const claim = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const send = (method: string, params: object = {}): Promise<any> => {
    const answer = new Promise((resolve) => arrived.push(resolve));
    const full = version === "2026-07-28" ? { ...params, _meta: claim } : params;
    connection.receive({ jsonrpc: "2.0", id: answers.push(1), method, params: full });
    return answer;
  };
  if (version !== "2026-07-28") {
    const { result } = await send("initialize", {
      protocolVersion: version,
      capabilities: {},
      clientInfo: { name: "x", version: "1" },
    });
    expect(result.serverInfo).toEqual(identity[version]);
    // Completion is older than its capability.
    expect(result.capabilities).toEqual({
      logging: {},
      tools: { listChanged: true },
      resources: { listChanged: true },
      prompts: { listChanged: true },
      ...(version >= "2025-03-26" && { completions: {} }),
    });
    const completed = { ref: { type: "ref/prompt", name: "p" }, argument: { name: "none", value: "" } };
    expect((await send("completion/complete", completed)).error.code).toBe(-32602);
  }
  expect((await send("tools/list")).result.tools).toEqual([listed[version]]);
  expect((await send("resources/list")).result.resources).toEqual([other("resources", version)]);
  const { resourceTemplates } = (await send("resources/templates/list")).result;
  expect(resourceTemplates).toEqual([other("resourceTemplates", version)]);
  expect((await send("prompts/list")).result.prompts).toEqual([other("prompts", version)]);
  const { result } = await send("tools/call", { name: "t" });
  expect(result.content).toEqual(content[version]);
  expect(result.structuredContent).toEqual(structured[version]);
  expect(result.resultType).toBe(version === "2026-07-28" ? "complete" : undefined);
});
