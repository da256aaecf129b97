// @modelcontextprotocol/sdk 1.x as its documents say: node sdk1.mjs COUNT stdio|stateless|sessions
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { add, tools } from "../surface.mjs";
import { listening, shape } from "./schema.mjs";

const [count, mode] = process.argv.slice(2);
const listed = tools(Number(count));
const make = () => {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  for (const { name, description, annotations } of listed)
    server.registerTool(name, { description, annotations, inputSchema: shape }, async (input) => ({
      content: [{ type: "text", text: add(input) }],
    }));
  return server;
};

if (mode === "stdio") {
  const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js");
  await make().connect(new StdioServerTransport());
} else {
  const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js");
  const sessions = new Map();
  const opened = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: mode === "sessions" ? randomUUID : undefined,
      enableJsonResponse: true,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await make().connect(transport);
    return transport;
  };
  createServer(async (request, response) => {
    const transport = sessions.get(request.headers["mcp-session-id"]) ?? (await opened());
    await transport.handleRequest(request, response);
  }).listen(0, "127.0.0.1", function () {
    listening(this.address().port);
  });
}
