import fc from "fast-check";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { parse } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { data, front, lock, type LeftAt } from "../../compiler/front/index.js";
import type { Made, Texts } from "../../compiler/incremental/ever.js";
import type { Written } from "../../compiler/1-read/edited.js";
import { isStanding, type OutputFile } from "../../compiler/model/output.js";
import type { JsonObject } from "../../compiler/model/source.js";
import { memoryHost } from "./memory-host.js";

type Files = Readonly<Record<string, string | Uint8Array>>;

const entering = (): void => {};
const nothing: LeftAt = () => undefined;

/** As later builds find it. */
const left = <T>(value: T): T => deserialize(serialize(value)) as T;

/** What a project comes to, and everything that is made of that. */
function whole(files: Files) {
  const host = memoryHost(files);
  const made = front(host, { left: nothing, entering });
  const { value } = made.output;
  if (!value) return { made };
  const [rest, locked] = [data(value.server), lock(value.server)];
  return {
    made,
    rest,
    locked,
    texts: textsOf([made, value.generated], [rest, filesOf(rest)], [locked, locked.output]),
  };
}

type Part = readonly [Made<unknown, unknown>, readonly Pick<OutputFile, "path">[]];

function filesOf({ output: { generated, listings } }: ReturnType<typeof data>): readonly Pick<OutputFile, "path">[] {
  return [...generated, ...(listings?.files ?? [])];
}

/** The texts of all files; `before` has those of the files that stand. */
function textsOf(...parts: readonly Part[]): Map<string, string> {
  return textsUpon(new Map(), ...parts);
}

function textsUpon(before: ReadonlyMap<string, string>, ...parts: readonly Part[]): Map<string, string> {
  const text = (texts: Texts, path: string): string => {
    const content = texts.get(path)!;
    if (typeof content === "string") return content;
    return isStanding(content) ? before.get(path)! : Buffer.from(content).toString();
  };
  return new Map(parts.flatMap(([{ texts }, files]) => files.map(({ path }) => [path, text(texts, path)])));
}

type Outcome = "whole" | "edited" | "pieces";

/** Makes a project of what it was before one of its manifests was edited, and compares it with what it comes to anew. */
function compared(files: Files, path: string, text: string, ends = "\n"): Outcome {
  const before = whole(files);
  const now = { ...files, [path]: text };
  const expected = whole(now);
  const leftAt: LeftAt = (path, id) => {
    expect(id).toBe("before");
    const text = before.texts?.get(path);
    return text === undefined ? undefined : Buffer.from(text.replaceAll("\n", ends));
  };
  const earlier = <T>(output: T) => ({ output: left(output), id: "before" });
  const basis = (): Written | undefined => left(before.made.basis);
  const made = front(memoryHost(now), {
    before: { ...earlier(before.made.output), basis, changed: [path] },
    left: leftAt,
    entering,
  });
  expect(made.output).toEqual(expected.made.output);
  expect(made.basis).toEqual(expected.made.basis);
  const { value } = made.output;
  if (!value || !before.rest) return "whole";
  const { edit } = made;
  const rest = data(value.server, undefined, edit && { edit, before: earlier(before.rest.output), left: leftAt });
  const locked = lock(value.server, edit && { edit, before: earlier(before.locked!.output), left: leftAt });
  expect(rest.output).toEqual(expected.rest!.output);
  const parts: Part[] = [
    [made, value.generated],
    [rest, filesOf(rest)],
    [locked, locked.output],
  ];
  expect(textsUpon(before.texts!, ...parts)).toEqual(expected.texts);
  return edit ? "pieces" : made.uponBefore ? "edited" : "whole";
}

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");

/** The files of an example project that builds read. */
function example(name: string): Files {
  const folder = join(fixtures, name);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => !/(^|[\\/])(dist|generated|node_modules)([\\/]|$)/.test(path) && statSync(join(folder, path)).isFile(),
  );
  return Object.fromEntries(paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path))]));
}

const examples = readdirSync(fixtures).filter((name) => {
  const folder = join(fixtures, name);
  return statSync(folder).isDirectory() && readdirSync(folder).includes("mcpc.lock.json");
});

const tool = (index: number): JsonObject => ({
  name: `tool_${index}`,
  description: `Tool ${index}.`,
  inputSchema: {
    type: "object",
    properties: { text: { type: "string", description: "Said." }, part: { $ref: "#/$defs/Part" } },
    $defs: { Own: { type: "object", properties: { next: { $ref: "#/$defs/Own" } } } },
  },
  ...(index % 3 === 0 && { annotations: { readOnlyHint: true } }),
  ...(index % 4 === 0 && { outputSchema: { type: "object", properties: { own: { type: "integer" } } } }),
  ...(index % 5 === 0 && { title: `Title ${index}`, errors: { missing: { message: "There is no {what}." } } }),
});

/** Of each kind many, in two manifests; so many tools that lists are files. */
const large: Files = {
  "a.mcp.json": `// The first of two.\n${JSON.stringify(
    {
      server: { name: "large", version: "1.0.0" },
      $defs: { Part: { type: "string", maxLength: 5 } },
      tools: Array.from({ length: 40 }, (_, index) => tool(index)),
      prompts: [{ name: "ask", arguments: [{ name: "what", description: "It." }] }],
      runtime: { health: { tool: true }, transports: { stdio: {}, http: {} } },
    },
    undefined,
    2,
  )}`,
  "b.mcp.json": JSON.stringify({
    tools: Array.from({ length: 20 }, (_, index) => tool(40 + index)),
    resources: [
      { name: "five", uri: "fixed:five", text: "5" },
      { name: "made", uri: "made:one" },
    ],
    resourceTemplates: [
      { name: "any", uriTemplate: "any:{key}", params: { type: "object", properties: { key: { type: "string" } } } },
    ],
  }),
};

/** Names that are others where there are fewer. */
const clashing: Files = {
  "a.mcp.json": JSON.stringify(
    {
      server: { name: "clashing", version: "1.0.0" },
      $defs: { HealthCheckInput: { type: "string" } },
      tools: ["healthCheck", "get_it", "getIt", "get-it"].map((name) => ({ ...tool(1), name })),
      prompts: [{ name: "get.it" }, { name: "getIt" }],
      runtime: { health: { tool: true } },
    },
    undefined,
    2,
  ).replaceAll("#/$defs/Part", "#/$defs/HealthCheckInput"),
};

const projects: readonly (readonly [name: string, files: Files])[] = [
  ...examples.map((name) => [name, example(name)] as const),
  ["large", large],
  ["clashing", clashing],
];

const manifestsOf = (files: Files): string[] => Object.keys(files).filter((path) => path.endsWith(".mcp.json"));
const textOf = (files: Files, path: string): string => Buffer.from(files[path] as Uint8Array).toString();

/** What happens to an entry, as it is written; `undefined`: nothing could. */
const edits: Readonly<Record<string, (entry: JsonObject) => JsonObject | string>> = {
  "another description": (entry) => ({ ...entry, description: "Another one.\nOf two lines, and */ no end." }),
  "no description": ({ description: _, ...entry }) => entry,
  "a title before all else": (entry) => ({ title: "Called “so” 🚀", ...entry }),
  annotations: (entry) => ({ ...entry, annotations: { readOnlyHint: false, openWorldHint: true } }),
  "what revisions do not know": (entry) => ({
    ...entry,
    icons: [{ src: "https://example.com/a.png" }],
    _meta: { a: 1 },
  }),
  "another property": (entry) => ({
    ...entry,
    inputSchema: { type: "object", properties: { new: { type: "string", description: "New.", format: "email" } } },
  }),
  "a private type": (entry) => ({
    ...entry,
    inputSchema: {
      type: "object",
      properties: { a: { $ref: "#/$defs/Own" } },
      $defs: { Own: { type: "string" }, Other: { type: "number" } },
    },
  }),
  "a property that is anything": (entry) => ({ ...entry, inputSchema: { type: "object", properties: { any: true } } }),
  "a result": (entry) => ({ ...entry, outputSchema: { type: "object", properties: { sum: { type: "number" } } } }),
  "a result that is no object": (entry) => ({ ...entry, outputSchema: { type: "string" } }),
  "no result": ({ outputSchema: _, ...entry }) => entry,
  "an example": (entry) => ({ ...entry, examples: [{ description: "Once.", arguments: {} }] }),
  "an example that is wrong": (entry) => ({ ...entry, examples: [{ arguments: 5 }] }),
  "a header": (entry) => ({
    ...entry,
    inputSchema: { type: "object", properties: { key: { type: "string", "x-mcp-header": "Key" } } },
  }),
  "other parameters": (entry) => ({ ...entry, params: { type: "object", properties: { key: { type: "integer" } } } }),
  "a schema that is none": (entry) => ({ ...entry, inputSchema: { type: "objekt" } }),
  "a reference to nowhere": (entry) => ({ ...entry, inputSchema: { $ref: "#/$defs/Nowhere" } }),
  "another name": (entry) => ({ ...entry, name: "renamed", uri: "renamed:all" }),
  "a member that nobody knows": (entry) => ({ ...entry, unknown: 1 }),
  "a reference to another manifest's entry": (entry) => ({
    ...entry,
    inputSchema: {
      type: "object",
      properties: { other: { $ref: "./a.mcp.json#/tools/0/inputSchema/properties/text" } },
    },
  }),
  "a question": (entry) => ({ ...entry, elicitations: { sure: { message: "Sure?", url: "https://example.com" } } }),
  scopes: (entry) => ({ ...entry, scopes: ["a"] }),
  "a member twice": (entry) => JSON.stringify(entry).replace(/\}$/, ',"name":"twice"}'),
  "a comment at its end": (entry) => JSON.stringify(entry).replace(/\}$/, "/* here */ // and there\n}"),
  "a comment behind it": (entry) => `${JSON.stringify(entry)} // }`,
  "an end too many": (entry) => `${JSON.stringify(entry)}}`,
  "an end too few": (entry) => JSON.stringify(entry).replace(/\}$/, ""),
  "two for one": (entry) => `${JSON.stringify(entry)}, ${JSON.stringify(entry)}`,
  nothing: (entry) => entry,
};

describe.each(projects)("of %s", (_, files) => {
  const { basis } = whole(files).made;
  const spans = basis ? Object.values(basis.entries).flat() : [];
  // The first, one in the middle and the last.
  const chosen = spans.filter((_, index) => index === 0 || index === spans.length >> 1 || index === spans.length - 1);
  const outcomes = new Set<Outcome>();

  test.each(Object.entries(edits))("an entry with %s comes to what a whole build makes of it", (_, edit) => {
    for (const { path, start, end } of chosen) {
      const text = textOf(files, path);
      const said = edit(parse(text.slice(start, end)) as JsonObject);
      const written = typeof said === "string" ? said : JSON.stringify(said, undefined, 1);
      outcomes.add(compared(files, path, text.slice(0, start) + written + text.slice(end)));
    }
  });

  // What there is to say of a project is said by a whole build.
  const isQuiet = whole(files).made.output.diagnostics.length === 0;
  test.runIf(spans.length > 0 && isQuiet)("some of these are made of what there was before", () => {
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

test("where version control has changed the ends of lines, files are made as a whole", () => {
  const { basis } = whole(large).made;
  for (const { path, start, end } of Object.values(basis!.entries).flat()) {
    const text = textOf(large, path);
    const said = JSON.stringify({ ...(parse(text.slice(start, end)) as JsonObject), description: "Another one." });
    compared(large, path, text.slice(0, start) + said + text.slice(end), "\r\n");
  }
});

test("text that is edited anywhere comes to what a whole build makes of it", { timeout: 600_000 }, () => {
  const pieces = [
    "",
    "x",
    " ",
    "\n",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "//",
    "/*",
    "*/",
    "null",
    "\uFEFF",
    "\ud83d",
    "é",
  ];
  const seen = new Map<Outcome, number>();
  fc.assert(
    fc.property(
      fc.constantFrom(...projects.map(([, files]) => files)),
      fc.nat(),
      fc.nat(),
      fc.nat(6),
      fc.constantFrom(...pieces),
      (files, file, at, length, piece) => {
        const paths = manifestsOf(files);
        const path = paths[file % paths.length]!;
        const text = textOf(files, path);
        const start = at % text.length;
        const outcome = compared(files, path, text.slice(0, start) + piece + text.slice(start + length));
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      },
    ),
    { numRuns: Number(process.env["MCPC_EDITS"] ?? 300), seed: Number(process.env["MCPC_SEED"] ?? 1) },
  );
  expect(seen.get("pieces")).toBeGreaterThan(5);
});
