// `npm run quickstart`: builds fixtures/weather as a user would, starts the built server, and calls it with a real client.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

console.log("$ mcpc build fixtures/weather");
execFileSync(process.execPath, [join(root, "compiler", "dist", "cli.js"), "build", "fixtures/weather"], {
  cwd: root,
  stdio: "inherit",
});

console.log("\n$ node fixtures/weather/dist/server.js");
const client = new Client({ name: "quickstart", version: "1.0.0" });
const server = join(root, "fixtures", "weather", "dist", "server.js");
await client.connect(new StdioClientTransport({ command: process.execPath, args: [server] }));
const { name, version } = client.getServerVersion();
console.log(`connected to ${name} ${version}`);

const { tools } = await client.listTools();
console.log(`\ntools/list\n${tools.map((tool) => `  ${tool.name.padEnd(14)}${tool.description}`).join("\n")}`);

for (const input of [{ city: "Oslo" }, { city: "Atlantis" }, { city: "" }]) {
  const result = await client.callTool({ name: "get_weather", arguments: input });
  const [{ text }] = result.content;
  console.log(`\ntools/call get_weather ${JSON.stringify(input)}\n  ${result.isError ? "error: " : ""}${text}`);
}
await client.close();
