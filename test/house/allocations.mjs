// How many bytes of the heap one call takes with so many tools: node allocations.mjs COUNT legacy|modern. The young
// generation is so large (the caller says) that nothing is collected while it is counted.
import { defineServer } from "../../runtime/dist/protocol/define-server.js";
import { connect } from "../../runtime/dist/protocol/connection.js";

const [count, era] = process.argv.slice(2);
const names = Array.from({ length: Number(count) }, (_, index) => `tool_${index}`);
const server = defineServer(
  {
    server: { name: "counted", version: "1.0.0" },
    tools: names.map((name) => ({ name })),
    resources: [],
    resourceTemplates: [],
    prompts: [],
    listings: async () => ({ tools: [], resources: [], resourceTemplates: [], prompts: [] }),
    toolValidators: async () => ({ input: () => true }),
  },
  {
    tools: new Map(names.map((name) => [name, () => "ok"])),
    resources: new Map(),
    resourceTemplates: new Map(),
    prompts: new Map(),
    completions: new Map(),
  },
);
let answers = 0;
const connection = connect(server, () => void (answers += 1));
const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
if (era === "legacy") connection.receive({ jsonrpc: "2.0", id: 0, method: "initialize", params: hello });
const params = { name: names.at(-1), arguments: {}, ...(era === "modern" && { _meta: meta }) };
const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
connection.receive(message);
await new Promise((resolve) => setTimeout(resolve, 10));
const calls = 10_000;
const run = () => {
  for (let call = 0; call < calls; call++) connection.receive(message);
};
run();
// The least of some rounds: what the machine does on the side only adds.
const rounds = Array.from({ length: 5 }, () => {
  const before = process.memoryUsage().heapUsed;
  run();
  return (process.memoryUsage().heapUsed - before) / calls;
});
if (answers < 6 * calls) throw new Error(`${answers} answers`);
console.log(Math.round(Math.min(...rounds)));
