import { join } from "node:path";
import { describe } from "vitest";
import { all, type Files, five, notText, say, taken, taking } from "./cases.js";

const root = join(import.meta.dirname, "..", "..", "..");

describe("packages", () => {
  const installed = join(root, "runtime");
  const lib = {
    "lib/package.json": { name: "lib", type: "module", exports: "./index.ts" },
    "lib/index.ts": 'export * from "./five.js";\n',
    "lib/five.ts": five,
  };
  const under = (files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`app/${path}`, text]));
  const app = { ...say, "src/tools/say.ts": taking("lib") };
  const above = (told: string): string => `app/${told}`;
  const asking = {
    ...say,
    "src/tools/say.ts":
      'import type { Progress } from "@mcpc/runtime";\n\nexport const say = (input: object, context: Progress) => "";\n',
  };
  const noProgress = "src/tools/say.ts:1:15 Module '\"@mcpc/runtime\"' has no exported member 'Progress' (TS2305)";
  all({
    "of a workspace": {
      files: { ...under(app), ...lib },
      app: "app",
      links: { "app/node_modules/lib": "../../lib" },
      told: [above(taken)],
    },
    "of a workspace, in the folder above": {
      files: { ...under(app), ...lib },
      app: "app",
      links: { "node_modules/lib": "../lib" },
      told: [above(taken)],
    },
    "within the project": {
      files: {
        ...app,
        "lib/package.json": lib["lib/package.json"],
        "lib/index.ts": `${five}const text: string = five;\nexport { text };\n`,
      },
      links: { "node_modules/lib": "../lib" },
      told: [`lib/index.ts:2:7 ${notText}`, taken],
    },
    "of none: a file outside": {
      files: { ...under({ ...app, "src/tools/say.ts": taking("../../../lib/five.js") }), ...lib },
      app: "app",
      told: [above(taken)],
    },
    "of a project under a link": {
      files: { ...under(app), ...lib },
      app: "link",
      links: { link: "app", "app/node_modules/lib": "../../lib" },
      told: [above(taken)],
    },
    "the runtime of the project": {
      files: asking,
      links: { "node_modules/@mcpc/runtime": installed },
      told: [noProgress],
    },
    "the runtime of the folder above": {
      files: under(asking),
      app: "app",
      links: { "node_modules/@mcpc/runtime": installed },
      told: [above(noProgress)],
    },
    "the runtime of the compiler": { files: asking, told: [noProgress] },
    "the runtime of the compiler beside packages": {
      files: { ...asking, "node_modules/@mcpc/other/package.json": {}, "src/node_modules/x/index.js": "" },
      told: [noProgress],
    },
  });
});
