// The bare loop over HTTP: parses, calls, serialises, and does nothing else. No check of any kind. At `/stream` the answer
// is the second of two events; at `/events` waits whoever is told of what comes to `/publish`.
import { createServer } from "node:http";
import { add, tools } from "../surface.mjs";

const count = Number(process.argv[2]);
const listing = Buffer.from(`"result":{"tools":${JSON.stringify(tools(count))}}}`);
const waiting = new Set();
const stream = { "content-type": "text/event-stream", "cache-control": "no-cache" };
const event = (text) => `event: message\ndata: ${text}\n\n`;

process.on("SIGTERM", () => process.exit());

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { id, method, params } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (request.url === "/events") {
      waiting.add(response);
      response.on("close", () => waiting.delete(response));
      response.writeHead(200, stream);
      return response.write(event('{"waiting":true}'));
    }
    if (request.url === "/publish") for (const each of waiting) each.write(event('{"updated":true}'));
    if (method === "tools/list") {
      const head = `{"jsonrpc":"2.0","id":${id},`;
      const length = head.length + listing.length;
      response.writeHead(200, { "content-type": "application/json", "content-length": length });
      response.write(head);
      return response.end(listing);
    }
    const result = method === "initialize" ? {} : { content: [{ type: "text", text: add(params.arguments) }] };
    const body = JSON.stringify({ jsonrpc: "2.0", id, result });
    if (request.url === "/stream") {
      response.writeHead(200, stream);
      response.write(
        event('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}'),
      );
      return response.end(event(body));
    }
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(0, "127.0.0.1", function () {
  process.stderr.write(`listening on http://127.0.0.1:${this.address().port}/mcp\n`);
});
