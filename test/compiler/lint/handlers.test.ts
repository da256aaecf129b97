import { expect, test } from "vitest";
import { bare, diagnosticsOf, waiver } from "./lint.js";

/** Returns the findings in a handler with this body, with the code at their places. */
function findingsInHandler(body: string, build: object = {}, runtime: object = {}): string[] {
  const tools = [{ ...bare, inputSchema: { type: "object", properties: {} }, handler: "./search.ts#search" }];
  const manifest = { server: { name: "shop", version: "1.0.0" }, runtime, tools, build };
  const text = `import type { Search } from "./generated/types.js";\nexport const search: Search = async () => {\n${body}\n};\n`;
  const found = diagnosticsOf({ "shop.mcp.json": JSON.stringify(manifest), "search.ts": text });
  return found.map(({ code, severity, span }) =>
    span?.path === "search.ts" ? `${code} ${text.slice(span.start, span.end)}` : `${severity} ${code}`,
  );
}

const output = "handler/standard-output";
const floating = "handler/floating-promise";

test.each<[what: string, body: string, expected: string[]]>([
  ["console.log", 'console.log("a");', [`${output} console.log`]],
  ["a console of one's own", 'const console = { log() {} };\nconsole.log("a");', []],
  ["console.error", 'console.error("a");', []],
  ["a word in a text", 'return "console.log(1), process.stdout.write(2)";', []],
  ["process.stdout", 'import.meta; process.stdout.write("a");', [`${output} process.stdout.write`]],
  ["the width of a terminal", "return String(process.stdout.columns);", []],
  ["a child that inherits", 'spawn("a", { stdio: "inherit" });', [`${output} stdio: "inherit"`]],
  ["a child that inherits standard input", 'spawn("a", { stdio: ["inherit", "pipe", 2] });', []],
  ["a file descriptor", 'fs.writeSync(1, "a");', [`${output} fs.writeSync`]],
  ["another file descriptor", 'fs.writeSync(2, "a");', []],
  ["fetch", 'fetch("http://localhost");', [`${floating} fetch`]],
  ["a fetch that is awaited", 'await fetch("http://localhost");', []],
  ["a fetch of one's own", "const fetch = () => 1;\nfetch();", []],
  ["a function in the handler", "const save = async () => {};\nsave();", [`${floating} save`]],
  ["a function that is not async", "const save = () => {};\nsave();", []],
  ["a name of two functions", "{ const save = async () => {}; await save(); }\nconst save = () => {};\nsave();", []],
  ["a promise that is given on", "const save = async () => {};\nreturn save();", []],
  ["an error that is caught", "const save = async () => {};\nsave().catch(() => {});", []],
  ["Promise.all", "Promise.all([]);", [`${floating} Promise.all`]],
  ["a loop", "[1].forEach(async () => {});", [`${floating} forEach`]],
  ["a loop without promises", "[1].forEach(() => {});", []],
  ["an async generator", "async function* all() {}\nall();", []],
  ["a mistake of syntax", 'console.log("a"', []],
])("the source of a handler: %s", (_what, body, expected) => {
  expect(findingsInHandler(body)).toEqual(expected);
});

test.each<[what: string, build: object, expected: string[]]>([
  ["another severity", { rules: { [output]: "error" } }, [`${output} console.log`]],
  ["off", { rules: { [output]: "off" } }, []],
  ["no profile", { lint: { profiles: [] } }, []],
  ["a waiver", { waivers: [{ ...waiver, rule: output }] }, []],
  [
    "a waiver of another rule",
    { waivers: [{ ...waiver, rule: floating }] },
    [`${output} console.log`, "warning lint/unused-waiver"],
  ],
  [
    "a waiver of an entry that is not there",
    { waivers: [{ ...waiver, rule: output, entry: "tools/find" }] },
    [`${output} console.log`, "warning lint/unused-waiver"],
  ],
  [
    "a waiver where there is nothing to waive",
    { rules: { [output]: "off" }, waivers: [{ ...waiver, rule: output }] },
    ["warning lint/unused-waiver"],
  ],
])("the source of a handler and settings: %s", (_what, build, expected) => {
  expect(findingsInHandler('console.log("a");', build)).toEqual(expected);
});

test("a server over HTTP alone may write to standard output", () => {
  expect(findingsInHandler('console.log("a");', {}, { transports: { http: {} } })).toEqual([]);
});
