import { describe } from "vitest";
import { all, type Case, type Files, manifest, notText, say, tool } from "./cases.js";

describe("a mistake is told at its place in a file", () => {
  const lines = [
    "const a = '😀é漢'; const text: string = /* 😀 */ 5;",
    "/* 😀 */ export const say = (input: number) => [a, text, input].join();",
    "",
  ];
  const fit = /^src\/tools\/say\.ts:2:23 the handler of the tool "say" does not fit it: /;
  const written = (
    text: string | Uint8Array,
    told: Case["told"] = [`src/tools/say.ts:1:25 ${notText}`, fit],
  ): Case => ({
    files: { ...say, "src/tools/say.ts": text },
    told,
  });
  all({
    "with other characters": written(lines.join("\n")),
    "with CRLF": written(lines.join("\r\n")),
    "with a byte order mark": written(`\uFEFF${lines.join("\n")}`),
    "with both": written(`\uFEFF${lines.join("\r\n")}`),
    "to which a stub is added": {
      files: {
        "a.mcp.json": manifest(
          tool("say", { handler: "./src/both.ts#say" }),
          tool("add", { handler: "./src/both.ts#add" }),
        ),
        "src/both.ts": `\uFEFF${lines.join("\n")}`,
      },
      told: [/^src\/both\.ts:\d+:25 Type 'number'/, /^src\/both\.ts:\d+:23 the handler of the tool "say"/],
    },
    "that is not quite UTF-8": written(Buffer.from(lines.join("\n").replace("é漢", "\xe9\xff"), "latin1"), [
      /^src\/tools\/say\.ts:1:\d+ Type 'number'/,
      /^src\/tools\/say\.ts:2:\d+ the handler/,
    ]),
    "of an odd name": {
      files: {
        "a.mcp.json": manifest(tool("say", { handler: "./src/säy 😀.ts#say" })),
        "src/säy 😀.ts": lines.join("\n"),
      },
      told: [`src/säy 😀.ts:1:25 ${notText}`, /^src\/säy 😀\.ts:2:23 the handler/],
    },
    "of hooks": {
      files: {
        ...say,
        "src/tools/say.ts": "export const say = () => '';\n",
        "src/hooks.ts": "\uFEFF/* 😀 */ export const onStop = 5;\n",
      },
      told: [/^src\/hooks\.ts:1:23 the hook does not fit: /],
    },
  });
});

describe("a handler that does not fit is told where it is exported", () => {
  const wrong = "(input: number) => `${input}`";
  const at = (place: string): RegExp =>
    new RegExp(`^${place.replaceAll(/[./]/g, "\\$&")} the handler of the tool "say" does not fit it: `);
  const absent = 'src/tools/say.ts:1:1 "src/tools/say.ts" does not export "say", the handler of the tool "say"';
  const impl = { "src/impl.ts": `export const say = ${wrong};\nexport const impl = say;\n` };
  const exported = (text: string, told: string | RegExp, files: Files = {}): Case => ({
    files: { ...say, "src/tools/say.ts": text, ...files },
    told: [told],
  });
  all({
    "as a value": exported(`export let other = 1,\n  say = ${wrong};\n`, at("src/tools/say.ts:2:3")),
    "as a function": exported(
      "export async function say(input: number) {\n  return `${input}`;\n}\n",
      at("src/tools/say.ts:1:23"),
    ),
    "by another name": exported(`const impl = ${wrong};\nexport { impl as say };\n`, at("src/tools/say.ts:2:18")),
    "from another file": exported('export { say } from "../impl.js";\n', at("src/tools/say.ts:1:10"), impl),
    "from another file by another name": exported(
      'export { impl as say } from "../impl.js";\n',
      at("src/tools/say.ts:1:18"),
      impl,
    ),
    "with all of another file": exported('\nexport * from "../impl.js";\n', at("src/impl.ts:1:14"), impl),
    "with all of a package": exported('\nexport * from "lib";\n', at("src/tools/say.ts:1:1"), {
      "node_modules/lib/index.d.ts": "export const say: number;\n",
      "node_modules/lib/index.js": "exports.say = 5;\n",
    }),
    "imported first": exported(
      'import { say } from "../impl.js";\nexport { say };\n',
      at("src/tools/say.ts:2:10"),
      impl,
    ),
    "out of an object": exported(
      `const all = { x: ${wrong} };\nexport const { x: say } = all;\n`,
      at("src/tools/say.ts:2:19"),
    ),
    "out of a list": exported(
      `const all = [${wrong}] as const;\nexport const [say] = all;\n`,
      at("src/tools/say.ts:2:15"),
    ),
    "as a type": exported("export type say = string;\n", at("src/tools/say.ts:1:13")),
    // The place is that of the export that was probably meant.
    "not with all of another file": exported(
      'export * from "../other.js";\n',
      absent.replace("src/tools/say.ts:1:1", "src/other.ts:1:14"),
      {
        "src/other.ts": "export const other = 1;\n",
      },
    ),
    "not from a file that lacks it": exported(
      'export { say } from "../other.js";\n',
      "src/tools/say.ts:1:10 Module '\"../other.js\"' has no exported member 'say' (TS2305)",
      { "src/other.ts": "export const other = 1;\n" },
    ),
    "not from a file that is not there": exported(
      'export { say } from "../nowhere.js";\n',
      "src/tools/say.ts:1:21 Cannot find module '../nowhere.js' or its corresponding type declarations (TS2307)",
    ),
    "not by a file that is no module": exported(`const say = ${wrong};\n`, absent),
  });
});
