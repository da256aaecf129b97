import { readFileSync } from "node:fs";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import { serveHttp } from "../clients.js";
import { mcpc, project, write } from "../project.js";
import { first } from "./clients.js";
import { develop } from "./development.js";
import { files, handler } from "./files.js";

/** Code in every form that the bundle takes. */
const forms = {
  ...files,
  // Names that Node itself does not see in CommonJS.
  "node_modules/classic/package.json": { name: "classic", version: "1.0.0", main: "index.js", types: "index.d.ts" },
  "node_modules/classic/index.d.ts": "export declare const made: number;\nexport declare const count: () => number;\n",
  "node_modules/classic/index.js":
    'let calls = 0;\nconst all = {};\nfor (const name of ["made", "count"]) all[name] = name === "made" ? 1 : () => ++calls;\nmodule.exports = all;\n',
  // An ES module that says so to bundlers alone.
  "node_modules/bundled/package.json": { name: "bundled", version: "1.0.0", main: "index.js", types: "index.d.ts" },
  "node_modules/bundled/index.d.ts": 'export declare const name: "bundled";\n',
  "node_modules/bundled/index.js": 'export const name = "bundled";\n',
  "node_modules/modern/package.json": { name: "modern", version: "1.0.0", type: "module", exports: "./index.js" },
  "node_modules/modern/index.d.ts": 'export declare const name: "modern";\n',
  "node_modules/modern/index.js": 'export const name = "modern";\n',
  "src/data.json": { answer: 42 },
  "src/late.ts": 'export const late = "late";\n',
  "src/odd.ts":
    'import { even } from "./even.js";\nexport const odd = (n: number): boolean => n !== 0 && even(n - 1);\n',
  "src/even.ts":
    'import { odd } from "./odd.js";\nexport const even = (n: number): boolean => n === 0 || odd(n - 1);\n',
  "src/awaited.ts": 'export const awaited = await Promise.resolve("awaited");\n',
  "tsconfig.json": {
    compilerOptions: {
      target: "ES2022",
      module: "NodeNext",
      strict: true,
      noEmit: true,
      resolveJsonModule: true,
      types: [],
    },
    include: ["src", "generated"],
  },
  "package.json": { name: "forms", version: "1.0.0", type: "module" },
  "src/tools/say.ts": handler(
    "say",
    'async () =>\n  [made, count(), bundled, modern, data.answer, (await import("../late.js")).late, even(10), awaited, import.meta.url.endsWith("/dist/server.js"), word].join(" ")',
    `import { made, count } from "classic";
import { name as bundled } from "bundled";
import { name as modern } from "modern";
import data from "../data.json" with { type: "json" };
import { even } from "../even.js";
import { awaited } from "../awaited.js";
import { word } from "../word.js";
`,
  ),
};

test("code in every form that the bundle takes does the same in development; what has not changed is loaded once", async () => {
  const folder = project(forms);
  const built = mcpc(folder, "build");
  expect([built.code, built.stderr]).toEqual([0, ""]);
  const { sources } = JSON.parse(readFileSync(`${folder}/dist/server.js.map`, "utf8")) as { sources: string[] };
  const own = sources.filter((source) => source.startsWith("@mcpc/runtime/"));
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((source) => /\/dev\/|replace/.test(source))).toEqual([]);
  const bundle = await serveHttp(`${folder}/dist/server.js`);
  const one = await first("1.x", new Http1(bundle.url));
  const said = await one.call("say");
  expect(said).toBe("1 1 bundled modern 42 late true awaited true one");
  await one.close();
  await bundle.stop();

  const server = await develop(folder);
  const client = await first("1.x", new Http1(server.url));
  expect(await client.call("say")).toBe(said);
  write(folder, { "src/odd.ts": forms["src/odd.ts"].replace("n !== 0", "false") });
  await server.said(/swapped say/);
  // The package counts on; both modules of the circle are new.
  expect(await client.call("say")).toBe("1 2 bundled modern 42 late false awaited true one");
  write(folder, { "src/data.json": { answer: 43 }, "src/late.ts": 'export const late = "later";\n' });
  await server.said(/swapped say/);
  expect(await client.call("say")).toBe("1 3 bundled modern 43 later false awaited true one");
  await client.close();
  expect(await server.stop()).toBe(0);
});
