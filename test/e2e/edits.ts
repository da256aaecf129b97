import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync, appendFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What somebody does to a project between two builds; `pick` chooses among what there is. */
export interface Edit {
  readonly kind: keyof typeof edits;
  readonly pick: number;
  readonly variant: number;
}

interface Tool {
  readonly name: string;
  readonly schema: number;
  readonly shared: boolean;
  readonly more: number;
  readonly description: number;
}

/** A project that is edited at random: its manifest as data, all else on the disk. */
export interface Edited {
  readonly folder: string;
  tools: readonly Tool[];
  limit: number;
  /** Lines above all else. */
  lines: number;
  names: number;
}

const schemas = [
  { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  { type: "object", properties: { text: { type: "string", description: "Said." }, more: { type: "number" } } },
  {
    type: "object",
    properties: { text: { $ref: "#/$defs/Limited" } },
    required: ["text"],
    additionalProperties: false,
  },
  { type: "object", properties: { count: { type: "integer" } }, required: ["count"] },
];

const descriptions: readonly ((name: string) => object)[] = [
  (name) => ({ description: `Says ${name}.` }),
  (name) => ({ description: `Says ${name}, and more.\n\nOf that there is no end: */ "${name}" // goes on.` }),
  () => ({}),
  () => ({ description: "Says 🚀.", annotations: { readOnlyHint: true, openWorldHint: false } }),
];

/** What else a tool may say; after `right` of them it is wrong. */
const right = 7;
const more: readonly object[] = [
  {},
  { title: "A title" },
  { outputSchema: { type: "object", properties: { said: { $ref: "#/$defs/Limited" } }, required: ["said"] } },
  { outputSchema: { type: "object", properties: { said: { type: "string" } } }, scopes: ["read"] },
  { errors: { missing: { message: "There is no {what}." } }, timeoutMs: 50 },
  {
    elicitations: {
      sure: { message: "Sure?", requestedSchema: { type: "object", properties: { yes: { type: "boolean" } } } },
    },
  },
  { examples: [{ arguments: { text: "a", count: 1 } }] },
  { examples: [{ arguments: { text: 5 } }] },
  { outputSchema: { type: "object", properties: { a: { type: "string", "x-mcp-header": "A" } } } },
  { outputSchema: { type: "object", properties: { a: { type: "strin" } } } },
  { outputSchema: { $ref: "#/$defs/Nowhere" } },
  { errors: { odd: { message: "{not a name}" } } },
];

export function begin(folder: string, count: number): Edited {
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `t${index}`,
    schema: 0,
    shared: index < 2,
    more: 0,
    description: 0,
  }));
  const edited = { folder, tools, limit: 5, lines: 0, names: count };
  write(edited, "src/helper.ts", helpers[0]!);
  save(edited);
  return edited;
}

export function apply(edited: Edited, { kind, pick, variant }: Edit): void {
  edits[kind](edited, pick, variant);
}

function save(edited: Edited): void {
  const { tools, limit, lines } = edited;
  const manifest = {
    server: { name: "edited", version: "1.0.0" },
    runtime: { transports: { stdio: {}, http: {} }, health: { tool: true } },
    $defs: { Limited: limit === 0 ? { type: "number" } : { type: "string", maxLength: limit } },
    tools: tools.map(({ name, schema, shared, more: index, description }) => ({
      name,
      ...descriptions[description]!(name),
      inputSchema: schemas[schema],
      ...more[index],
      ...(shared && { handler: `./src/shared.ts#${name}` }),
    })),
  };
  write(edited, "a.mcp.json", "// A line.\n".repeat(lines) + JSON.stringify(manifest, undefined, 2));
}

const helpers = [
  "export interface Said { readonly what: string }\nexport const say = (text: string): Said => ({ what: text });\n",
  "export interface Said { readonly what: string }\nexport const say = (text: string): Said => ({ what: `${text}!` });\n",
  "export interface Said { readonly what: number }\nexport const say = (text: string): Said => ({ what: text.length });\n",
  "export const say = (text: string) => ({ what: text, length: text.length });\n",
  "declare global {\n  interface Everywhere { readonly told: string }\n}\nexport const say = (text: string) => ({ what: text });\n",
  "export const say = (text: number) => ({ what: text + nowhere });\n",
];

/** Of a handler in a file of its own. */
const bodies = (name: string, type: string): readonly string[] => [
  `import type { ${type} } from "../../generated/types.js";\nexport const ${name}: ${type} = async (input) => "text" in input ? String(input.text) : "";\n`,
  `import type { ${type} } from "../../generated/types.js";\nexport const ${name}: ${type} = (input) => \`\${JSON.stringify(input)}\`;\n`,
  `import type { ${type} } from "../../generated/types.js";\nimport { say } from "../helper.js";\nexport const ${name}: ${type} = () => say("x").what;\n`,
  `import { say } from "../helper.js";\nexport const ${name} = (input: { text: string }) => String(say(input.text).what);\nexport type Mine = ReturnType<typeof say>;\n`,
  `export const ${name}: import("../../generated/types.js").${type} = ({ text }) => String(text);\n`,
  `import type { ${type}Input } from "../../generated/types.js";\nexport function ${name}(input: ${type}Input) {\n  return input.text === undefined ? "" : String(input.text);\n}\n`,
  `export * from "../helper.js";\nexport const ${name} = (input: { count: number }) => String(input.count);\n`,
  `export const ${name} = (given: Everywhere) => given.told;\n`,
  `export const ${name} = (input: { text: string }) => 5 + input;\nconst unused = 1;\n`,
  `import type { ${type}X } from "../../generated/types.js";\nexport const ${name} = (input: ${type}X) => "";\n`,
  `import { say } from "said";\nexport const ${name} = () => say("x").what;\n`,
  `/// <reference path="../globals.d.ts" />\nexport const ${name} = () => told;\n`,
  `export * from "../moved/${name}.js";\n`,
  `export const other = "not ${name}";\n`,
  `export const ${name} = (input: {) => "";\n`,
];

const hooks = [
  "export async function onStart() {\n  return { pool: 1 };\n}\n",
  "export async function onStart() {\n  return { pool: 2 };\n}\n",
  'export async function onStart() {\n  return { pool: "one" };\n}\n',
  "export const onStop = 5;\n",
];

const configurations = [
  { extends: "./base.json", compilerOptions: { noImplicitReturns: true } },
  { compilerOptions: { strict: true, noUnusedLocals: true } },
  { compilerOptions: { strict: false } },
  { compilerOptions: { strict: true, exactOptionalPropertyTypes: true, target: "ES2022" } },
];

/** What the tsconfig.json of some extends. */
const bases = [
  { compilerOptions: { strict: true, noUnusedLocals: true } },
  { compilerOptions: { strict: false } },
  { extends: "./further.json" },
];

/** Another module by the name of the helper, which comes before it or after. */
const shadows = ["src/helper.tsx", "src/helper.d.ts", "src/helper/index.ts", "src/helper.js.ts"];

const manifestOf = (exports: string) => ({ name: "said", version: "1.0.0", type: "module", exports });

const generated = [
  "generated/types.ts",
  "generated/server.ts",
  "generated/validators/T0.ts",
  "dist/server.js",
  "mcpc.lock.json",
];

export const edits = {
  body(edited: Edited, pick: number, variant: number) {
    const tool = edited.tools.filter(({ shared }) => !shared)[pick % edited.tools.length];
    if (!tool) return;
    const all = bodies(tool.name, tool.name.toUpperCase());
    write(edited, `src/tools/${tool.name}.ts`, all[variant % all.length]!);
  },
  shared(edited: Edited, pick: number, variant: number) {
    const file = join(edited.folder, "src/shared.ts");
    if (!existsSync(file)) return;
    const line = [`// ${pick}\n`, `export const extra${pick} = ${variant};\n`, "const wrong: string = 5;\n"];
    appendFileSync(file, line[variant % line.length]!);
  },
  schema: (edited: Edited, pick: number, variant: number) =>
    changeTool(edited, pick, { schema: variant % schemas.length }),
  said: (edited: Edited, pick: number, variant: number) => changeTool(edited, pick, { more: variant % right }),
  described: (edited: Edited, pick: number, variant: number) =>
    changeTool(edited, pick, { description: variant % descriptions.length }),
  /** Until the next time that the manifest is written. */
  wrong: (edited: Edited, pick: number, variant: number) =>
    changeTool({ ...edited }, pick, { more: right + (variant % (more.length - right)) }),
  lines(edited: Edited, pick: number) {
    edited.lines = pick % 4;
    save(edited);
  },
  definition(edited: Edited, pick: number) {
    edited.limit = pick % 3;
    save(edited);
  },
  added(edited: Edited, pick: number, variant: number) {
    const tool = {
      name: `t${edited.names++}`,
      schema: variant % schemas.length,
      shared: false,
      more: variant % 3,
      description: 0,
    };
    edited.tools = edited.tools.toSpliced(pick % (edited.tools.length + 1), 0, tool);
    save(edited);
  },
  removed(edited: Edited, pick: number) {
    if (edited.tools.length > 1) edited.tools = edited.tools.toSpliced(pick % edited.tools.length, 1);
    save(edited);
  },
  renamed: (edited: Edited, pick: number) => changeTool(edited, pick, { name: `t${edited.names++}` }),
  helper: (edited: Edited, _pick: number, variant: number) =>
    write(edited, "src/helper.ts", helpers[variant % helpers.length]!),
  hooks: (edited: Edited, _pick: number, variant: number) =>
    change(edited, "src/hooks.ts", hooks[variant % (hooks.length + 1)]),
  configuration(edited: Edited, _pick: number, variant: number) {
    const chosen = configurations[variant % (configurations.length + 1)];
    change(edited, "tsconfig.json", chosen && JSON.stringify(chosen));
  },
  base(edited: Edited, pick: number, variant: number) {
    const chosen = bases[variant % (bases.length + 1)];
    change(edited, pick % 2 ? "base.json" : "further.json", chosen && JSON.stringify(chosen));
  },
  shadow: (edited: Edited, pick: number, variant: number) =>
    change(edited, shadows[pick % shadows.length]!, helpers[variant % (helpers.length + 1)]),
  helperDeleted: (edited: Edited) => change(edited, "src/helper.ts", undefined),
  globals(edited: Edited, _pick: number, variant: number) {
    const type = ["string", "number", undefined][variant % 3];
    change(edited, "src/globals.d.ts", type && `declare var told: ${type};\n`);
  },
  moved(edited: Edited, pick: number, variant: number) {
    const { name } = edited.tools[pick % edited.tools.length]!;
    change(edited, `src/moved/${name}.ts`, bodies(name, name.toUpperCase())[variant % 12]);
  },
  package(edited: Edited, pick: number, variant: number) {
    if (variant % 4 === 0) return change(edited, "node_modules/said", undefined);
    change(edited, "node_modules/said/package.json", JSON.stringify(manifestOf(pick % 2 ? "./one.ts" : "./two.ts")));
    change(edited, "node_modules/said/one.ts", helpers[variant % helpers.length]);
    change(edited, "node_modules/said/two.ts", helpers[pick % helpers.length]);
  },
  deleted: (edited: Edited, pick: number) => change(edited, generated[pick % generated.length]!, undefined),
  spoilt(edited: Edited, pick: number) {
    const file = join(edited.folder, generated[pick % generated.length]!);
    if (existsSync(file)) appendFileSync(file, "//\n");
  },
  restored: (edited: Edited) => ["generated", "dist"].forEach((path) => change(edited, path, undefined)),
  handlerDeleted(edited: Edited, pick: number) {
    const folder = join(edited.folder, "src/tools");
    const files = existsSync(folder) ? readdirSync(folder) : [];
    if (files.length > 0) rmSync(join(folder, files[pick % files.length]!));
  },
  untidy(edited: Edited) {
    const file = join(edited.folder, "a.mcp.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\n "));
  },
  broken: (edited: Edited) => appendFileSync(join(edited.folder, "a.mcp.json"), "}"),
  nothing() {},
} as const satisfies Record<string, (edited: Edited, pick: number, variant: number) => void>;

function changeTool(edited: Edited, pick: number, changed: Partial<Tool>): void {
  const at = pick % edited.tools.length;
  edited.tools = edited.tools.with(at, { ...edited.tools[at]!, ...changed });
  save(edited);
}

function write({ folder }: Edited, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function change(edited: Edited, path: string, text: string | undefined): void {
  if (text === undefined) rmSync(join(edited.folder, path), { recursive: true, force: true });
  else write(edited, path, text);
}
