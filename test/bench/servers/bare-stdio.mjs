// The bare loop over standard streams: parses, calls, serialises, and does nothing else. Writes each answer by itself, or
// with `--per-chunk` all answers to a piece of input at once.
import { add, tools } from "../surface.mjs";

const count = Number(process.argv[2]);
const perChunk = process.argv.includes("--per-chunk");
const listing = Buffer.from(`"result":{"tools":${JSON.stringify(tools(count))}}}\n`);
const { stdin, stdout } = process;
let rest = "";
let out = "";
const write = (text) => {
  if (perChunk) out += text;
  else stdout.write(text);
};

stdin.setEncoding("utf8");
stdin.on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    if (method === "tools/list") {
      stdout.cork();
      stdout.write(`{"jsonrpc":"2.0","id":${id},`);
      stdout.write(listing);
      stdout.uncork();
    } else if (method === "initialize") write(`{"jsonrpc":"2.0","id":${id},"result":{}}\n`);
    else {
      const result = { content: [{ type: "text", text: add(params.arguments) }] };
      write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
    }
  }
  if (out !== "") stdout.write(out);
  out = "";
});
