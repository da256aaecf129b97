import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../fixtures/tenants/generated/client.js";
import { serveHttpWith, serverOf, type Running } from "./clients.js";
import { mcpc, project } from "./project.js";

const key = { ada: "key-of-ada-0123456789", bob: "key-of-bob-0123456789" };

let http: Running;
beforeAll(async () => {
  http = await serveHttpWith({ TENANTS_API_KEYS: `ada:${key.ada}\nbob:${key.bob}` }, serverOf("tenants"));
});
afterAll(() => http.stop());

async function connected(caller: keyof typeof key) {
  const client = new Client({ name: "test", version: "1.0.0" });
  const headers = { authorization: `Bearer ${key[caller]}` };
  let told = (): void => {};
  const changed = new Promise<void>((resolve) => (told = resolve));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => told());
  await client.connect(new StreamableHTTPClientTransport(http.url, { requestInit: { headers } }) as never);
  const seen = async () => [
    (await client.listTools()).tools.map(({ name }) => name),
    (await client.listResources()).resources.map(({ uri }) => uri),
  ];
  return { client, changed, seen };
}

const all = [["get_report", "upgrade"], ["tenants://guide"]];
const pro = [
  ["get_report", "export_reports", "upgrade"],
  ["tenants://guide", "tenants://guide/pro"],
];

test("the built server lists and serves what is enabled for a caller, and tells when that changes", async () => {
  const [ada, bob] = [await connected("ada"), await connected("bob")];
  for (const { client, seen } of [ada, bob]) {
    expect(await seen()).toEqual(all);
    await expect(client.callTool({ name: "export_reports" })).rejects.toThrow('unknown tool "export_reports"');
    await expect(client.readResource({ uri: "tenants://guide/pro" })).rejects.toThrow("resource not found");
  }
  await ada.client.callTool({ name: "upgrade" });
  await ada.changed;
  expect(await ada.seen()).toEqual(pro);
  expect(await bob.seen()).toEqual(all);
  expect((await ada.client.callTool({ name: "export_reports" })).isError).toBeUndefined();
  await expect(bob.client.callTool({ name: "export_reports" })).rejects.toThrow("unknown tool");
  await Promise.all([ada.client.close(), bob.client.close()]);
});

test("the client in memory is shown what is enabled for its caller", async () => {
  const ada = createClient({ auth: { principal: "ada" } });
  await expect(ada.tools.export_reports()).rejects.toThrow('unknown tool "export_reports"');
  await ada.tools.upgrade();
  expect((await ada.listTools()).map(({ name }) => name)).toEqual(pro[0]);
  expect((await ada.resources.read("tenants://guide/pro")).length).toBe(1);
  const bob = createClient({ auth: { principal: "bob" } });
  expect((await bob.listResources()).map(({ uri }) => uri)).toEqual(all[1]);
  await bob.close();
  await ada.close();
});

test("entries are typed by their names", () => {
  const folder = project({
    "a.mcp.json": {
      server: { name: "typed", version: "1.0.0" },
      tools: [
        { name: "one", description: "Is the first.", inputSchema: { type: "object", properties: {} } },
        { name: "two", description: "Is the second.", inputSchema: { type: "object", properties: {} } },
      ],
    },
    "src/hooks.ts": `import type { Enabled } from "../generated/application.js";
export const enabled: Enabled = {
  tools: (name) => name !== "three",
  tool: () => true,
};
`,
    "src/tools/one.ts": `import type { One } from "../../generated/types.js";\nexport const one: One = () => "1";\n`,
    "src/tools/two.ts": `import type { Two } from "../../generated/types.js";\nexport const two: Two = () => "2";\n`,
  });
  const { stdout, stderr } = mcpc(folder, "check", "--format", "json");
  const { diagnostics } = JSON.parse(stdout || stderr) as { diagnostics: { file?: string; line: number }[] };
  // One says that nothing has been built yet.
  const places = diagnostics.flatMap(({ file, line }) => (file === undefined ? [] : [`${file}:${line}`]));
  expect(places.sort()).toEqual(["src/hooks.ts:3", "src/hooks.ts:4"]);
});
