import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { ToolSchema } from "@modelcontextprotocol/sdk/types.js";
import { startServer } from "@mcpc/runtime/testing/node";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Client, ClientOptions, Target } from "@mcpc/runtime/testing";
import { imported } from "./in-process.js";
import { kept, mcpc } from "./project.js";

const draft7 = "http://json-schema.org/draft-07/schema#";
const issue = { id: 1 };
const object = { type: "object", properties: { id: { type: "integer" } }, required: ["id"] };
const list = { type: "array", items: { type: "integer" } };

/** Each shape of an `outputSchema`, a result, and whether clients before 2026-07-28 get the result wrapped. */
const shapes: Record<string, readonly [schema: unknown, result: unknown, wraps: boolean]> = {
  object: [object, issue, false],
  typeInList: [{ ...object, type: ["object"] }, issue, false],
  typed: [{ type: "object", $ref: "#/$defs/Issue" }, issue, false],
  shared: [{ $ref: "#/$defs/Issue" }, issue, false],
  described: [{ $ref: "#/$defs/Issue", description: "An issue." }, issue, false],
  chain: [{ $ref: "#/$defs/Alias" }, issue, false],
  own: [{ $ref: "#/$defs/Own", $defs: { Own: object } }, issue, false],
  anchor: [{ $ref: "#own", $defs: { Own: { $anchor: "own", ...object } } }, issue, false],
  identified: [{ $id: "https://example.com/a", $ref: "b", $defs: { Own: { $id: "b", ...object } } }, issue, false],
  dynamic: [{ $dynamicRef: "#node", $defs: { Own: { $dynamicAnchor: "node", ...object } } }, issue, false],
  file: [{ $ref: "./issue.json" }, issue, false],
  draft7: [{ $schema: draft7, $ref: "#/definitions/I", definitions: { I: object } }, issue, false],
  allOf: [{ allOf: [{ $ref: "#/$defs/Issue" }] }, issue, false],
  allOfNarrows: [
    { allOf: [{ required: ["id"] }, { type: ["object", "null"] }, { type: ["object", "array"] }] },
    issue,
    false,
  ],
  anyOf: [{ anyOf: [{ $ref: "#/$defs/Issue" }, { type: "object" }] }, issue, false],
  oneOf: [{ oneOf: [{ $ref: "#/$defs/Issue" }, { type: "object", required: ["error"] }] }, issue, false],
  nested: [{ anyOf: [{ allOf: [{ $ref: "#/$defs/Alias" }] }, { oneOf: [object] }] }, issue, false],
  constant: [{ const: { id: 1 } }, issue, false],
  enumeration: [{ enum: [{ id: 1 }, { id: 2 }] }, issue, false],
  conditional: [{ if: { required: ["id"] }, then: object, else: { type: "object" } }, issue, false],
  recursive: [{ $ref: "#/$defs/Tree" }, { children: [{ children: [] }] }, false],
  resultAlone: [{ $ref: "#/$defs/Wrapper" }, { result: 1 }, false],

  list: [list, [1, 2], true],
  number: [{ type: "number" }, 1.5, true],
  text: [{ type: "string" }, "a", true],
  nothing: [{ type: "null" }, null, true],
  anything: [{}, issue, true],
  yes: [true, [issue], true],
  properties: [{ properties: { id: { type: "integer" } } }, issue, true],
  result: [{ properties: { result: { type: "integer" } } }, { result: 1 }, true],
  nullable: [{ type: ["object", "null"] }, null, true],
  refToList: [{ $ref: "#/$defs/List" }, [1], true],
  nullableRef: [{ anyOf: [{ $ref: "#/$defs/Issue" }, { type: "null" }] }, issue, true],
  oneOfLists: [{ oneOf: [{ $ref: "#/$defs/Issue" }, { $ref: "#/$defs/List" }] }, [1], true],
  mixedEnumeration: [{ enum: [{ id: 1 }, "none"] }, "none", true],
  halfConditional: [{ if: { type: "object" }, then: object }, [1], true],
  recursiveList: [{ type: "array", items: { $ref: "#" } }, [[], [[]]], true],
};

const versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
const names = Object.keys(shapes);

const files = {
  "a.mcp.json": {
    server: { name: "shapes", version: "1.0.0" },
    $defs: {
      Issue: object,
      Alias: { $ref: "#/$defs/Issue" },
      List: list,
      Tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } } },
      Wrapper: { type: "object", properties: { result: { type: "integer" } }, required: ["result"] },
    },
    tools: Object.entries(shapes).map(([name, [outputSchema]]) => ({
      name,
      description: `Returns ${name}.`,
      handler: `./src/all.ts#${name}`,
      inputSchema: { type: "object", properties: {} },
      outputSchema,
    })),
  },
  "issue.json": object,
  "src/all.ts": Object.entries(shapes)
    .map(([name, [, result]]) => `export const ${name}: any = () => (${JSON.stringify(result)});\n`)
    .join(""),
};

let folder: string;
let stderr: string;
let createClient: (options: ClientOptions, to?: Target) => Client<any>;
beforeAll(async () => {
  folder = kept(files);
  const outcome = mcpc(folder, "build");
  expect(outcome.code, outcome.stderr).toBe(0);
  ({ stderr } = outcome);
  ({ createClient } = await imported<{ createClient: typeof createClient }>(folder, "generated/client.ts"));
});

describe.each(versions)("%s", (protocolVersion) => {
  test("a result has the shape that is listed, and is wrapped only where it may be something else than an object", async () => {
    const client = createClient({ protocolVersion });
    onTestFinished(() => client.close());
    const tools = await client.listTools();
    const found: Record<string, unknown> = {};
    for (const name of names) {
      const { outputSchema } = tools.find((tool) => tool["name"] === name)!;
      const { structuredContent } = (await client.callTool(name)) as { structuredContent?: unknown };
      found[name] = structuredContent;
      expect(await client.tools[name](), name).toEqual(shapes[name]![1]);
      if (typeof outputSchema !== "object") continue;
      const { valid, errorMessage } = new AjvJsonSchemaValidator().getValidator(outputSchema as object)(
        structuredContent,
      );
      expect(valid, `${name}: ${errorMessage}`).toBe(true);
      if (protocolVersion < "2026")
        expect(() =>
          ToolSchema.parse({ inputSchema: { type: "object", properties: {} }, name, outputSchema }),
        ).not.toThrow();
    }
    const expected = (name: string): unknown => {
      const [, result, wraps] = shapes[name]!;
      if (protocolVersion < "2025-06-18") return undefined;
      return wraps && protocolVersion < "2026" ? { result } : result;
    };
    expect(found).toEqual(Object.fromEntries(names.map((name) => [name, expected(name)])));
  });

  test("a client of a server that runs elsewhere gets what the handler returned", async () => {
    const { client, close } = await startServer<any>(join(folder, "dist", "server.js"), {
      transport: "stdio",
      protocolVersion,
    });
    onTestFinished(close);
    for (const name of names) expect(await client.tools[name](), name).toEqual(shapes[name]![1]);
  });
});

test("a warning, the lock file and the type of a result say that it is wrapped", () => {
  const wrapped = names.filter((name) => shapes[name]![2]);
  const warned = [...stderr.matchAll(/get the result of "(\w+)" as \{ "result": … \}/g)].map(([, name]) => name);
  expect(warned).toEqual(wrapped);
  const lock = JSON.parse(readFileSync(join(folder, "mcpc.lock.json"), "utf8")) as { tools: Record<string, unknown>[] };
  expect(lock.tools.filter((tool) => "olderOutputSchema" in tool).map((tool) => tool["name"])).toEqual(wrapped);
  const locked = lock.tools.find(({ name }) => name === "list")!["olderOutputSchema"];
  expect(locked).toEqual({ type: "object", properties: { result: list }, required: ["result"] });
  const types = readFileSync(join(folder, "generated", "types.ts"), "utf8");
  const documented =
    /Result of the tool "(\w+)"\. Clients of revisions before 2026-07-28 get it as `\{ "result": … \}`/g;
  expect([...types.replace(/[\s*]+/g, " ").matchAll(documented)].map(([, name]) => name)).toEqual(wrapped);
});
