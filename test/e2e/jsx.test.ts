import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { compile } from "../../compiler/index.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { mcpc, project } from "./project.js";

const types = "namespace JSX { type Element = string; interface IntrinsicElements { b: { children?: unknown } } }";
/** A package that makes elements in both ways: by a function that files import, and by one that the compiler imports. */
const elements = {
  "node_modules/el/package.json": {
    name: "el",
    version: "1.0.0",
    type: "module",
    exports: { "./jsx-runtime": "./index.js", ".": "./index.js" },
  },
  "node_modules/el/index.js": `export const jsx = (name, { children }) => "automatic " + name + children;
    export const h = (name, _, children) => "classic " + name + children;`,
  "node_modules/el/index.d.ts": `export ${types}
    export declare const jsx: unknown;
    export declare function h(...all: unknown[]): string;
    export declare namespace h { ${types} }`,
};

type Handlers = Readonly<Record<string, readonly [comments: string, becomes: RegExp]>>;

const automatic = /^automatic bx$/;
const classic = /^classic bx$/;
const handlers = {
  import_source: ["/** @jsxImportSource el */", automatic],
  import_source_alone: ["/** @jsxRuntime automatic */ /** @jsxImportSource el */", automatic],
  factory: ['/** @jsx h */\nimport { h } from "el";', classic],
  factory_alone: ['/** @jsxRuntime classic */ /** @jsx h */\nimport { h } from "el";', classic],
} satisfies Handlers;
const needs = (runtime: string): RegExp =>
  RegExp(`this comment counts only beside /\\*\\* @jsxRuntime ${runtime} \\*/`);

const message = (method: string, id: number, params: object): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

/** The text that each tool of a built server answers. */
function answers(folder: string, names: readonly string[]): Record<string, string> {
  const clientInfo = { name: "test", version: "1" };
  const input = [
    message("initialize", -1, { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }),
    ...names.map((name, id) => message("tools/call", id, { name, arguments: {} })),
  ];
  const lines = spawnSync("node", ["dist/server.js"], {
    cwd: folder,
    encoding: "utf8",
    input: `${input.join("\n")}\n`,
  });
  const all = lines.stdout.trim().split("\n");
  const results = all.map((line) => JSON.parse(line) as { id: number; result: { content: { text: string }[] } });
  return Object.fromEntries(
    names.map((name, index) => [name, results.find(({ id }) => id === index)!.result.content[0]!.text]),
  );
}

test.each<[options: object | undefined, handlers: Handlers]>([
  [undefined, { ...handlers, factory: [handlers.factory[0], /TS2875/] }],
  [{ jsx: "react" }, { ...handlers, import_source: [handlers.import_source[0], needs("automatic")] }],
  [{ jsx: "preserve" }, { ...handlers, factory: [handlers.factory[0], needs("classic")] }],
])(
  "with %j in tsconfig.json, JSX works as its types say, or the build says what it needs",
  async (options, expected) => {
    const build = async (names: readonly string[]) => {
      const tool = (name: string) => ({
        name,
        description: `Runs ${name}.`,
        inputSchema: { type: "object", properties: {} },
        handler: `./src/${name}.tsx#tool`,
        examples: [{ arguments: {}, result: /^\^(.+)\$$/.exec(expected[name]![1].source)?.[1] ?? "" }],
      });
      const handler = (name: string): string => `${expected[name]![0]}\nexport const tool = () => <b>x</b>;\n`;
      const folder = project({
        "a.mcp.json": { server: { name: "jsx", version: "1.0.0" }, tools: names.map(tool) },
        ...(options && { "tsconfig.json": { compilerOptions: { strict: true, ...options } } }),
        ...Object.fromEntries(names.map((name) => [`src/${name}.tsx`, handler(name)])),
        ...elements,
      });
      return { folder, ...(await compile(nodeHost(folder), { mode: "build" })) };
    };
    const names = Object.keys(expected);
    const { diagnostics } = await build(names);
    const refused = Object.fromEntries(
      diagnostics.map(({ span, message }) => [/^src\/(.+)\.tsx$/.exec(span?.path ?? "")?.[1] ?? message, message]),
    );
    const others = names.filter((name) => !Object.hasOwn(refused, name));
    const built = await build(others);
    expect(built.diagnostics).toEqual([]);
    expect(mcpc(built.folder, "test")).toMatchObject({ code: 0 });
    const becomes = names.map((name) => [name, expect.stringMatching(expected[name]![1])]);
    expect({ ...refused, ...answers(built.folder, others) }).toEqual(Object.fromEntries(becomes));
  },
);
