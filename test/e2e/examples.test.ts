import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contents, mcpc, project } from "./project.js";

const root = join(import.meta.dirname, "..", "..");
const open = { inputSchema: { type: "object", properties: {} } };

test("the examples of a project are called, and come out; nothing is written", () => {
  const { code, stdout } = mcpc(root, "test", "fixtures/weather", "fixtures/code-review");
  expect(stdout.replace(/ \(\d+\.\d s\)$/gm, "")).toBe(
    [
      '✓ get_weather: {"city":"Oslo"}',
      '✓ get_weather: {"city":"Atlantis"}',
      "weather: 2 passed",
      'code-review: no examples; a tool\'s "examples" in the manifest are what is tested',
      "",
    ].join("\n"),
  );
  expect(code).toBe(0);
});

/** Every way in which an example can fail. */
const broken = {
  "broken.mcp.json": {
    server: { name: "broken", version: "1.0.0" },
    tools: [
      { name: "hang", ...open, examples: [{ description: "never ends", arguments: {} }] },
      { name: "die", ...open, examples: [{ arguments: {} }, { arguments: { again: true }, result: "alive" }] },
      {
        name: "differ",
        ...open,
        outputSchema: { type: "object", properties: { n: { type: "integer" }, items: { type: "array" } } },
        examples: [{ arguments: {}, result: { n: 1, items: [1, 2, 3, 4, 5, 6, 7, 8, 9] } }],
      },
      {
        name: "fail",
        ...open,
        errors: { bad: { message: "Bad {what}." }, worse: { message: "Worse." } },
        examples: [
          { arguments: { how: "declared" }, error: "bad" },
          { arguments: { how: "declared" }, error: "worse" },
          { arguments: { how: "declared" }, result: "good" },
          { arguments: { how: "thrown" }, error: "bad" },
          { arguments: { how: "not" }, error: "bad" },
          { arguments: { how: "stray" } },
        ],
      },
      { name: "stub", ...open, examples: [{ arguments: {} }] },
      {
        name: "content",
        ...open,
        examples: [
          { arguments: {}, result: "hello" },
          { arguments: {}, result: { type: "text", text: "hello" } },
          { arguments: {}, result: { content: [{ type: "text", text: "bye" }] } },
        ],
      },
    ],
  },
  "src/tools/hang.ts": "export const hang = () => { for (;;); };",
  "src/tools/die.ts":
    'export const die = (input: { again?: true }) => {\n  if (input.again) return "alive";\n  console.log("about to die");\n  process.exit(3);\n};',
  "src/tools/differ.ts": "export const differ = async () => ({ items: [1, 2, 3, 4, 5, 6, 7, 8, 10], n: 1 });",
  "src/tools/fail.ts": `export const fail = async ({ how }: any, { errors }: any) => {
  if (how === "declared") throw errors.bad({ what: "luck" });
  if (how === "thrown") throw new Error("no database");
  if (how === "stray") void Promise.reject(new Error("nobody waits"));
  await new Promise((resolve) => setImmediate(resolve));
  return "fine";
};`,
  "src/tools/content.ts": 'export const content = () => "hello";',
};

test("an example that does not come out is reported with its place, what was expected and what came", () => {
  const folder = project(broken);
  const { code, stdout, stderr } = mcpc(folder, "test", "--timeout", "2000");
  const said = stdout.replace(/ \(\d+\.\d s\)$/gm, "").replace(/:\d+:\d+$/gm, ":…");
  expect(said).toBe(
    `✗ hang: never ends
    --> broken.mcp.json:…
    no answer within 2000 ms
✗ die: {}
    --> broken.mcp.json:…
    the process ended with exit code 3; it printed last:
    about to die
✓ die: {"again":true}
✗ differ: {}
    --> broken.mcp.json:…
    it returned something else
      …
          6,
          7,
          8,
    -     9
    +     10
        ],
        "n": 1
      }
✓ fail: {"how":"declared"}
✗ fail: {"how":"declared"}
    --> broken.mcp.json:…
    expected the error "worse"; it failed with the error "bad": Bad luck.
✗ fail: {"how":"declared"}
    --> broken.mcp.json:…
    it failed with the error "bad": Bad luck.
✗ fail: {"how":"thrown"}
    --> broken.mcp.json:…
    expected the error "bad"; it failed
    the tool "fail" failed: Error: no database
        at handler (src/tools/fail.ts:…)
✗ fail: {"how":"not"}
    --> broken.mcp.json:…
    expected the error "bad"; it returned [{"type":"text","text":"fine"}]
✗ fail: {"how":"stray"}
    --> broken.mcp.json:…
    an exception was not caught
    Error: nobody waits
        at handler (src/tools/fail.ts:…)
✗ stub: {}
    --> broken.mcp.json:…
    it failed: the tool "stub" is not implemented yet
✓ content: {}
✓ content: {}
✗ content: {}
    --> broken.mcp.json:…
    it returned something else
      [
        {
    -     "text": "bye",
    +     "text": "hello",
          "type": "text"
        }
      ]
broken: 4 passed, 10 failed
`
      .replace("src/tools/fail.ts:…)", "src/tools/fail.ts:3:31)")
      .replace("src/tools/fail.ts:…)", "src/tools/fail.ts:4:44)"),
  );
  expect(stderr).toContain("about to die");
  expect(code).toBe(1);
  expect(readdirSync(folder)).not.toContain("generated");
  expect(Object.keys(contents(folder)).sort()).toEqual(Object.keys(broken).sort());
});

test("the other formats say the same to machines", () => {
  const folder = project(broken);
  const { stdout, code } = mcpc(folder, "test", "--filter", "differ", "--format", "json");
  expect(code).toBe(1);
  const { diagnostics, examples } = JSON.parse(stdout);
  expect(diagnostics).toEqual([]);
  expect(examples).toEqual([
    {
      server: "broken",
      tool: "differ",
      name: "{}",
      status: "failed",
      durationMs: expect.any(Number),
      file: "broken.mcp.json",
      line: expect.any(Number),
      column: expect.any(Number),
      arguments: {},
      reason: "it returned something else",
      expected: { n: 1, items: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      got: { n: 1, items: [1, 2, 3, 4, 5, 6, 7, 8, 10] },
    },
  ]);
  const junit = mcpc(folder, "test", "--filter", "content", "--format", "junit").stdout;
  expect(junit).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites>\n  <testsuite name="broken" tests="3" failures="1" /,
  );
  expect(junit).toContain('<testcase classname="broken.content" name="{}" file="broken.mcp.json" line="');
  expect(junit).toContain("got [{&quot;type&quot;:&quot;text&quot;,&quot;text&quot;:&quot;hello&quot;}]</failure>");
  const github = mcpc(folder, "test", "--filter", "stub", "--format", "github").stdout;
  expect(github).toMatch(
    /^::error file=broken\.mcp\.json,line=\d+,.*title=the example of stub%3A \{\}::it failed: the tool "stub"/,
  );
});

test("mistakes in the manifest, in an option or a file come before any call", () => {
  const mistaken = project({
    "a.mcp.json": {
      server: { name: "a", version: "1.0.0" },
      tools: [{ name: "t", ...open, examples: [{ arguments: {}, error: "unheard" }] }],
    },
  });
  const { code, stderr, stdout } = mcpc(mistaken, "test");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("error[example/mismatch]");
  const unparsable = project({ ...broken, "src/tools/content.ts": "export const content = (" });
  expect(mcpc(unparsable, "test", "--filter", "content").stderr).toContain("error[bundle/failed]");
  const folder = project(broken);
  expect(mcpc(folder, "test", "--filter", "nothing")).toMatchObject({
    code: 2,
    stdout: 'broken: no example matches "nothing"\n',
  });
  expect(mcpc(folder, "test", "--timeout", "soon")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("number of milliseconds"),
  });
  expect(mcpc(folder, "test", "--config", "none.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("none.json cannot be read"),
  });
  expect(mcpc(folder, "test", "nowhere")).toMatchObject({ code: 2 });
});

test("settings come from the environment and the file; onStart and onStop run once", () => {
  const folder = project({
    "a.mcp.json": {
      server: { name: "a", version: "1.0.0" },
      tools: [
        {
          name: "tell",
          ...open,
          examples: [
            { arguments: {}, result: "1 kitchen" },
            { arguments: {}, result: "1 kitchen" },
          ],
        },
      ],
      runtime: {
        config: {
          type: "object",
          properties: { room: { type: "string", env: "ROOM", description: "Which." } },
          required: ["room"],
        },
        hooks: "./src/hooks.ts",
      },
    },
    "test.json": { room: "kitchen" },
    "src/hooks.ts":
      'let starts = 0;\nexport const onStart = () => ({ starts: (starts += 1) });\nexport const onStop = () => console.log("stopped");\n',
    "src/tools/tell.ts":
      "export const tell = (_: unknown, { config, state }: any) => `${state.starts} ${config.room}`;",
  });
  const { code, stdout, stderr } = mcpc(folder, "test", "--config", "test.json");
  expect(stdout).toContain("a: 2 passed");
  expect([stderr, code]).toEqual(["stopped\n", 0]);
  const without = mcpc(folder, "test");
  expect(without.code).toBe(1);
  expect(without.stdout).toContain('ROOM is not set: "room" is required');
});
