import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { project } from "../project.js";

export const object = { type: "object", properties: {} };

/** A tool that says what its module says, and one that waits to be let go and then says what it began with. */
export const manifest = (more: object = {}) => ({
  server: { name: "changing", version: "1.0.0" },
  tools: [
    { name: "say", description: "Says something.", inputSchema: object },
    { name: "wait", description: "Waits.", inputSchema: object },
    { name: "go", description: "Goes on.", inputSchema: object },
  ],
  runtime: { transports: { stdio: {}, http: {}, sse: {}, websocket: {} } },
  ...more,
});
export const handler = (name: string, body: string, more = ""): string =>
  `import type { ${name[0]!.toUpperCase()}${name.slice(1)} } from "../../generated/types.js";\n${more}` +
  `export const ${name}: ${name[0]!.toUpperCase()}${name.slice(1)} = ${body};\n`;
export const word = (text: string): string => `export const word: string = ${JSON.stringify(text)};\n`;
export const files = {
  "a.mcp.json": manifest(),
  "src/word.ts": word("one"),
  "src/gate.ts":
    "let open = (): void => {};\nexport const gate = { wait: () => new Promise<void>((resolve) => (open = resolve)), go: () => open() };\n",
  "src/tools/say.ts": handler("say", "() => word", 'import { word } from "../word.js";\n'),
  "src/tools/wait.ts": handler(
    "wait",
    "async (_input, { progress }) => {\n  progress(1);\n  await gate.wait();\n  return word;\n}",
    'import { gate } from "../gate.js";\nimport { word } from "../word.js";\n',
  ),
  "src/tools/go.ts": handler(
    "go",
    '() => {\n  gate.go();\n  return "gone";\n}',
    'import { gate } from "../gate.js";\n',
  ),
};

/** Waits until there is a file "go". */
export const waitsForFile = handler(
  "wait",
  'async (_input, { progress }) => {\n  progress(1);\n  while (!existsSync("go")) await setTimeout(20);\n  return word;\n}',
  'import { existsSync } from "node:fs";\nimport { setTimeout } from "node:timers/promises";\nimport { word } from "../word.js";\n',
);

/** A project whose handlers know Node's modules. */
export function projectOnNode(contents: Readonly<Record<string, unknown>>): string {
  const folder = project(contents);
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  const types = join(import.meta.dirname, "..", "..", "..", "node_modules", "@types", "node");
  symlinkSync(types, join(folder, "node_modules", "@types", "node"));
  return folder;
}
