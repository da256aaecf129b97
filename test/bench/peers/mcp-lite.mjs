// mcp-lite as its documents say: node mcp-lite.mjs COUNT stateless
import { serve } from "@hono/node-server";
import { McpServer, StreamableHttpTransport } from "mcp-lite";
import { z } from "zod";
import { add, tools } from "../surface.mjs";
import { input, listening } from "./schema.mjs";

const server = new McpServer({
  name: "bench",
  version: "1.0.0",
  schemaAdapter: (schema) => z.toJSONSchema(schema),
});
for (const { name, description } of tools(Number(process.argv[2])))
  server.tool(name, {
    description,
    inputSchema: input,
    handler: (given) => ({ content: [{ type: "text", text: add(given) }] }),
  });
const fetch = new StreamableHttpTransport().bind(server);
serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => listening(port));
