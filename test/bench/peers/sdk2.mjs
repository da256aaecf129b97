// @modelcontextprotocol/server 2.x as its documents say: node sdk2.mjs COUNT stdio|stateless
import { createServer } from "node:http";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { add, tools } from "../surface.mjs";
import { input, listening } from "./schema.mjs";

const [count, mode] = process.argv.slice(2);
const listed = tools(Number(count));
const make = () => {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  for (const { name, description, annotations } of listed)
    server.registerTool(name, { description, annotations, inputSchema: input }, async (given) => ({
      content: [{ type: "text", text: add(given) }],
    }));
  return server;
};

if (mode === "stdio") {
  const { serveStdio } = await import("@modelcontextprotocol/server/stdio");
  serveStdio(make);
} else {
  const { toNodeHandler } = await import("@modelcontextprotocol/node");
  createServer(toNodeHandler(createMcpHandler(make))).listen(0, "127.0.0.1", function () {
    listening(this.address().port);
  });
}
