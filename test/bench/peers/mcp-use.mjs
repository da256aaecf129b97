// mcp-use as its documents say, with nothing sent to its makers: node mcp-use.mjs COUNT
import { add, tools } from "../surface.mjs";
import { input, listening } from "./schema.mjs";

process.env.MCP_USE_ANONYMIZED_TELEMETRY = "false";
process.env.MCP_USE_LOG_LEVEL = "silent";
process.env.NODE_ENV = "production";
const { MCPServer } = await import("mcp-use");

const server = new MCPServer({ name: "bench", version: "1.0.0" });
for (const { name, description, annotations } of tools(Number(process.argv[2])))
  server.tool({ name, description, annotations, inputSchema: input }, async (given) => ({
    content: [{ type: "text", text: add(given) }],
  }));
const { port } = await server.listen(0, { host: "127.0.0.1" });
listening(port);
