// tmcp as its documents say: node tmcp.mjs COUNT stdio|stateless
import { ZodJsonSchemaAdapter } from "@tmcp/adapter-zod";
import { McpServer } from "tmcp";
import { add, tools } from "../surface.mjs";
import { input, listening } from "./schema.mjs";

const [count, mode] = process.argv.slice(2);
const server = new McpServer(
  { name: "bench", version: "1.0.0", description: "A benchmark" },
  { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: {} } },
);
for (const { name, description } of tools(Number(count)))
  server.tool({ name, description, schema: input }, (given) => ({ content: [{ type: "text", text: add(given) }] }));

if (mode === "stdio") {
  const { StdioTransport } = await import("@tmcp/transport-stdio");
  new StdioTransport(server).listen();
} else {
  const { serve } = await import("@hono/node-server");
  const { HttpTransport } = await import("@tmcp/transport-http");
  const transport = new HttpTransport(server, { path: "/mcp" });
  const fetch = async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 });
  serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => listening(port));
}
