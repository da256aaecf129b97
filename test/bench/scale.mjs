// How long a project of many tools takes to build, and what its server takes to start: node test/bench/scale.mjs [tools]
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const cli = join(root, "compiler", "dist", "cli.js");
const count = Number(process.argv[2] ?? 1000);
const folder = fs.mkdtempSync(join(tmpdir(), "mcpc-scale-"));

/** As real ones are: twenty properties, nested, of shared and private definitions, each described. */
const tool = (index) => ({
  name: `tool_${index}`,
  description: `Does what tool ${index} does, with a description of the usual length, which is about one line.`,
  inputSchema: {
    type: "object",
    properties: {
      id: { type: "string", minLength: 1, description: "Which one." },
      kind: { type: "string", enum: ["small", "medium", "large"], default: "medium" },
      limit: { type: "integer", minimum: 1, maximum: 100, description: "How many, at most." },
      cursor: { type: ["string", "null"], description: "Where to go on." },
      since: { type: "string", format: "date-time", description: "Not older than this." },
      email: { type: "string", format: "email" },
      query: { type: "string", maxLength: 400, description: "Words to look for, as in a search engine." },
      tags: { type: "array", items: { $ref: "#/$defs/Tag" }, maxItems: 20 },
      owner: { $ref: "#/$defs/Person" },
      reviewers: { type: "array", items: { $ref: "#/$defs/Person" }, uniqueItems: true },
      place: { $ref: "#/$defs/Place" },
      filter: { $ref: "#/$defs/Filter" },
      sort: { type: "array", items: { $ref: "#/$defs/Order" } },
      target: {
        oneOf: [
          {
            type: "object",
            properties: { by: { const: "url" }, url: { type: "string", format: "uri" } },
            required: ["by", "url"],
          },
          { type: "object", properties: { by: { const: "path" }, path: { type: "string" } }, required: ["by", "path"] },
        ],
      },
      range: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2, items: false },
      labels: { type: "object", additionalProperties: { type: "string" } },
      ratio: { type: "number", exclusiveMinimum: 0, maximum: 1 },
      dryRun: { type: "boolean", default: false, description: "Say what would be done, and do nothing." },
      code: { type: "string", pattern: "^[A-Z]{2}[0-9]{4}$" },
      [`option_${index}`]: { type: "object", properties: { on: { type: "boolean" } }, additionalProperties: false },
    },
    required: ["id"],
    additionalProperties: false,
    $defs: {
      Filter: {
        type: "object",
        properties: {
          and: { type: "array", items: { $ref: "#/$defs/Filter" } },
          field: { type: "string" },
          value: { anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }] },
        },
      },
      Order: {
        type: "object",
        properties: { field: { type: "string" }, down: { type: "boolean" } },
        required: ["field"],
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: { items: { type: "array", items: { $ref: "#/$defs/Item" } }, next: { type: ["string", "null"] } },
    required: ["items"],
  },
});
fs.writeFileSync(
  join(folder, "scale.mcp.json"),
  JSON.stringify({
    server: { name: "scale", version: "1.0.0" },
    $defs: {
      Tag: { type: "string", pattern: "^[a-z]+$" },
      Person: {
        type: "object",
        properties: {
          name: { type: "string" },
          email: { type: "string", format: "email" },
          place: { $ref: "#/$defs/Place" },
        },
        required: ["name"],
      },
      Place: {
        type: "object",
        properties: { latitude: { type: "number", minimum: -90, maximum: 90 }, longitude: { type: "number" } },
        required: ["latitude", "longitude"],
        additionalProperties: false,
      },
      Item: {
        type: "object",
        properties: {
          id: { type: "string" },
          tags: { type: "array", items: { $ref: "#/$defs/Tag" } },
          owner: { $ref: "#/$defs/Person" },
        },
        required: ["id"],
      },
    },
    tools: Array.from({ length: count }, (_, index) => tool(index)),
  }),
);

const handler = join(folder, "src", "tools", "tool_7.ts");
const manifest = join(folder, "scale.mcp.json");
const edit = (file, from, to) => fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(from, to));
const builds = [
  ["the first build", () => {}],
  ["nothing changed", () => {}],
  ["one handler changed", () => edit(handler, "throw notImplemented", "// Soon.\n  throw notImplemented")],
  ["one tool changed", () => edit(manifest, "Does what tool 7 does", "Does what no other tool does")],
  ["one schema changed", () => edit(manifest, '"option_7"', '"other_option"')],
  ["all of it again", () => {}, "--force"],
];
for (const [what, change, ...options] of builds) {
  change();
  const from = performance.now();
  const args = ["/usr/bin/time", "-f", "peak memory %M KiB", "node", cli, "build", folder, "--verbose", ...options];
  const { stderr, status } = spawnSync("env", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  console.log(`${what}, ${count} tools: ${(performance.now() - from).toFixed(0)} ms\n${stderr}`);
}
if (process.env.ROUNDS === "0") process.exit(0);

fs.writeFileSync(join(folder, "empty.js"), "");
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const start = (...args) => {
  const from = performance.now();
  spawnSync("node", args, { input: "" });
  return performance.now() - from;
};
const rounds = Array.from({ length: Number(process.env.ROUNDS ?? 41) }, () => ({
  empty: start(join(folder, "empty.js")),
  server: start(join(folder, "dist", "server.js")),
  small: start(join(root, "fixtures", "weather", "dist", "server.js")),
}));
for (const key of ["empty", "server", "small"])
  console.log(key.padEnd(8), median(rounds.map((round) => round[key])).toFixed(1), "ms");
console.log(
  "start of the large server over an empty script:",
  median(rounds.map(({ server, empty }) => server - empty)).toFixed(1),
  "ms",
);
console.log(
  "start of fixtures/weather over an empty script:",
  median(rounds.map(({ small, empty }) => small - empty)).toFixed(1),
  "ms",
);
const { size } = fs.statSync(join(folder, "dist", "server.js"));
console.log(
  "dist/server.js",
  (size / 1024).toFixed(0),
  "KiB,",
  fs.readdirSync(join(folder, "dist", "chunks"), { recursive: true }).length,
  "chunks",
);
if (process.env.KEEP) console.log(folder);
else fs.rmSync(folder, { recursive: true });
