import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { kept, mcpc, write } from "../project.js";
import { manifest, tool } from "./cases.js";

const root = join(import.meta.dirname, "..", "..", "..");
const compilers = {
  "5.4": "node_modules/typescript-5.4",
  "5.9": "node_modules/typescript-5.9",
  "6.0": "node_modules/typescript",
  "7.0": "compiler/node_modules/typescript",
} as const;

const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  isolatedModules: true,
  verbatimModuleSyntax: true,
};
const nodenext = { ...strict, module: "nodenext" };
const bundler = { ...strict, module: "esnext", moduleResolution: "bundler" };
const erasable = { erasableSyntaxOnly: true };
const composite = { composite: true };
const checked = { skipLibCheck: false };
const declared = { declaration: true };
const isolated = { declaration: true, isolatedDeclarations: true };

/** Each row is one program over all projects. Those of the compilers in JavaScript take seconds. */
const rows: readonly (readonly [version: keyof typeof compilers, what: string, options: object])[] = [
  ["5.4", "a composite project, libraries checked", { ...nodenext, ...composite, ...checked }],
  ["5.9", "isolated declarations, erasable syntax", { ...nodenext, ...isolated, ...erasable }],
  ["6.0", "declarations, for a bundler, libraries checked", { ...bundler, ...declared, ...checked }],
  ["7.0", "a composite project, libraries checked", { ...nodenext, ...composite, ...checked }],
  ["7.0", "module node16", { ...strict, module: "node16", ...declared }],
  ["7.0", "isolated declarations, for a bundler", { ...bundler, ...isolated, ...erasable }],
  ["7.0", "no strict option, module preserve", { strict: false, module: "preserve", ...declared }],
];

const object = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });

/** Manifests whose names and texts could be mistaken for code. */
const odd: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nothing: { "a.mcp.json": manifest() },
  "settings without hooks": {
    "a.mcp.json": {
      ...manifest(tool("a")),
      runtime: { config: { properties: { x: { type: "string", default: "1" } } } },
    },
  },
  "an authenticate hook alone": {
    "a.mcp.json": manifest(tool("a")),
    "src/hooks.ts": "export const authenticate = (): undefined => undefined;\n",
  },
  "addresses from the environment": {
    "a.mcp.json": { ...manifest(tool("a")), runtime: { transports: { http: { host: { env: "HOST" } } } } },
  },
  names: {
    "a.mcp.json": manifest(
      ...[
        ..."fetch server listener surface http start stop health handler map record promise request response".split(
          " ",
        ),
        ..."return_type parameters checked_hooks define_server create_fetch object array string symbol".split(" "),
        ..."client options types tool_handler application hooks class delete await upgrade".split(" "),
      ].map((name) =>
        tool(name, {
          inputSchema: object({ [name]: { type: "string" } }),
          outputSchema: object({ [name]: { type: "number" } }, { required: [name] }),
        }),
      ),
    ),
    "src/hooks.ts": "export const onStop = async (): Promise<void> => {};\n",
  },
  "a class of the language as an export": {
    "a.mcp.json": manifest(tool("m", { handler: "./src/all.ts#Map" }), tool("p", { handler: "./src/all.ts#Promise" })),
  },
  texts: {
    "a.mcp.json": manifest(
      tool("odd", {
        description: "*/ // @ts-nocheck\n@ts-ignore */ export const x = `${y}`; \u2028",
        inputSchema: object(
          {
            __proto_: {},
            constructor: { type: "string", description: "*/ }" },
            "a-b": { type: "integer", default: -1 },
            "": { const: "`${x}`" },
            "*/": { enum: ["\u2028", "\\", '"', null] },
            1: { type: "array", prefixItems: [{ type: "string" }, true, false] },
          },
          { required: ["constructor", "toString"], additionalProperties: { type: "number" } },
        ),
        errors: { noSuch: { message: "No {x} in {y}." } },
      }),
    ),
  },
  schemas: {
    "a.mcp.json": manifest(
      tool("tree", {
        inputSchema: object({ root: { $ref: "#/$defs/Node" } }, {
          $defs: {
            Node: object({ next: { $ref: "#/$defs/Node" }, all: { type: "array", items: { $ref: "#/$defs/Node" } } }),
          },
        } as object),
        outputSchema: {
          type: "object",
          $ref: "#/$defs/A",
          oneOf: [{ required: ["a"] }, { required: ["b"] }],
          unevaluatedProperties: false,
          $defs: { A: object({ a: { type: "string" }, b: { $ref: "#/$defs/A" } }) },
        },
      }),
      tool("records", {
        inputSchema: object(
          { a: { type: "string" }, b: { $ref: "#" } },
          { propertyNames: { enum: ["a", "b", "c"] }, additionalProperties: { $ref: "#" } },
        ),
        outputSchema: object({ r: { type: "object", additionalProperties: { $ref: "#/properties/r" } } }),
      }),
    ),
  },
  "without HTTP": { "a.mcp.json": { ...manifest(tool("t")), runtime: { transports: { stdio: {} } } } },
};

const projects = [
  "app-config",
  "cached",
  "calculator",
  "code-review",
  "contract",
  "everything",
  "long-job",
  "monitored",
  "oauth",
  "secure",
  "tutorial",
  "weather",
];

const all = [...projects, ...Object.keys(odd)];
let folder: string;
beforeAll(() => {
  folder = kept({ "package.json": { type: "module" } });
  for (const name of projects)
    for (const part of ["generated", "src"])
      if (existsSync(join(root, "fixtures", name, part)))
        cpSync(join(root, "fixtures", name, part), join(folder, name, part), { recursive: true });
  for (const [name, files] of Object.entries(odd)) write(join(folder, name), files);
  const { stdout, stderr, code } = mcpc(folder, "build", ...Object.keys(odd));
  expect([code, stderr, stdout]).toEqual([0, "", expect.anything()]);
  // As users install it: without the types of what it depends on.
  const runtime = join(folder, "node_modules", "@mcpc", "runtime");
  cpSync(join(root, "runtime", "package.json"), join(runtime, "package.json"));
  for (const path of readdirSync(join(root, "runtime", "dist"), { recursive: true, encoding: "utf8" }))
    if (path.endsWith(".d.ts")) cpSync(join(root, "runtime", "dist", path), join(runtime, "dist", path));
  for (const name of ["@types/node", "undici-types"]) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
});

test.each(rows)(
  "TypeScript %s: %s",
  (version, what, options) => {
    const compilerOptions = {
      target: "es2022",
      types: ["node"],
      skipLibCheck: true,
      ...options,
      emitDeclarationOnly: true,
      rootDir: ".",
      outDir: "node_modules/out",
    };
    const file = `tsconfig.${version} ${what}.json`;
    write(folder, { [file]: { compilerOptions, include: ["*/generated", "*/src"] } });
    const tsc = join(root, compilers[version], "bin", "tsc");
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", file, "--pretty", "false", "--listFiles"], {
      cwd: folder,
      encoding: "utf8",
    });
    const lines = `${stdout}${stderr}`.split("\n");
    expect(lines.filter((line) => line.endsWith("/generated/server.ts"))).toHaveLength(all.length);
    expect(lines.filter((line) => /\berror TS\d/.test(line) && !isOwn(line))).toEqual([]);
  },
  300_000,
);

/** Errors of handlers that people wrote, not the compiler. */
function isOwn(line: string): boolean {
  return projects.some((name) => line.startsWith(`${name}/src/`));
}
