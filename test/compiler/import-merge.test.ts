import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "../../compiler/1-read/parse.js";
import { writeHandlers } from "../../compiler/import/handlers.js";
import { merge, recordOf, type Imported, type ImportRecord, type MergeResult } from "../../compiler/import/merge.js";
import { parseDocument } from "../../compiler/import/openapi/document.js";
import { toolsOf, type ApiTool } from "../../compiler/import/openapi/operations.js";
import { mergeSettings } from "../../compiler/import/settings.js";
import { bytesOf, textOf, type Host } from "../../compiler/host.js";
import type { Server } from "../../compiler/model/server.js";
import type { Json, JsonObject, LocatedObject } from "../../compiler/model/source.js";

const treeOf = (text: string): LocatedObject =>
  parse("a.mcp.json", new TextEncoder().encode(text)).file!.root as LocatedObject;
const valueOf = (text: string): JsonObject => treeOf(text).value as JsonObject;
const lists = (tools: readonly JsonObject[]): Imported => ({
  tools,
  resources: [],
  resourceTemplates: [],
  prompts: [],
});

interface State {
  readonly text: string;
  readonly record: ImportRecord;
}
/** Imports tools as `mcpc import` does. */
function imported({ text, record }: State, tools: readonly JsonObject[]): State & MergeResult {
  const merged = merge(text, lists(tools), record, treeOf);
  return { ...merged, record: { ...record, ...recordOf(lists(tools)) } };
}

const empty: State = { text: '{\n  // the manifest\n  "server": {}\n}\n', record: {} };
const a = { name: "a", description: "first", inputSchema: { type: "object" } };
const b = { name: "b", description: "second", inputSchema: { type: "object" } };

describe("an import after another one", () => {
  const first = imported(empty, [a, b]);
  const edited = (from: string, to: string): State => {
    expect(first.text).toContain(from);
    return { ...first, text: first.text.replace(from, to) };
  };

  test("of the same lists changes nothing", () => {
    expect(imported(first, [a, b])).toMatchObject({
      text: first.text,
      notes: [],
      counts: { added: 0, changed: 0, gone: 0 },
    });
  });

  test("takes over what changed upstream, fields that come and go included", () => {
    const next = { name: "a", title: "A", inputSchema: { type: "object", properties: {} } };
    const { text, notes, counts } = imported(first, [next, b]);
    expect(valueOf(text)["tools"]).toEqual([next, b]);
    expect([notes, counts]).toEqual([[], { added: 0, changed: 1, gone: 0 }]);
    expect(text).toContain("// the manifest");
  });

  test("keeps what the user changed and added", () => {
    const mine = edited('"first"', '"mine", // better\n      "scopes": ["x"]');
    const { text, notes } = imported(mine, [{ ...a, title: "A" }, b]);
    expect(valueOf(text)["tools"]).toEqual([{ ...a, description: "mine", scopes: ["x"], title: "A" }, b]);
    expect(text).toContain("// better");
    expect(notes).toEqual([]);
  });

  test("reports what both changed", () => {
    const mine = edited('"first"', '"mine"');
    const { text, notes } = imported(mine, [{ ...a, description: "theirs" }, b]);
    expect(text).toBe(mine.text);
    expect(notes).toEqual(['tools/a: "description" was changed here and upstream, and stays as it is here']);
  });

  test("adds what is new, and reports what is gone", () => {
    const c = { ...b, name: "c", description: "third" };
    const { text, notes, counts } = imported(first, [c, a]);
    expect(valueOf(text)["tools"]).toEqual([a, b, c]);
    expect([notes, counts]).toEqual([
      ["tools/b is gone upstream, and stays in the manifest"],
      { added: 1, changed: 0, gone: 1 },
    ]);
  });

  test("says what an entry is called now, if it has all the other fields", () => {
    const c = { ...b, name: "c" };
    const { notes, counts } = imported(first, [a, c]);
    expect([notes, counts]).toEqual([
      ["tools/b is now called c, and stays in the manifest: delete it there"],
      { added: 1, changed: 0, gone: 0 },
    ]);
    // With two such entries, either may be the new one.
    expect(imported(first, [a, c, { ...b, name: "d" }]).notes).toEqual([
      "tools/b is gone upstream, and stays in the manifest",
    ]);
  });

  test("does not bring back what the user removed", () => {
    const without = { ...first, text: JSON.stringify({ tools: [b] }) };
    const { text, notes } = imported(without, [a, b]);
    expect(valueOf(text)["tools"]).toEqual([b]);
    expect(notes).toEqual(["tools/a was removed from the manifest, and is not added"]);
  });
});

const fields = ["title", "description", "inputSchema", "_meta"] as const;
const tool = fc.record(
  {
    title: fc.string(),
    description: fc.string(),
    inputSchema: fc.object({ maxDepth: 1 }),
    _meta: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: [] },
);
/** Some tools, by name. */
const tools = fc.dictionary(fc.constantFrom("a", "b", "c"), tool, { noNullPrototype: true });
const listed = (by: Record<string, object>): JsonObject[] =>
  Object.entries(by).map(([name, fields]) => JSON.parse(JSON.stringify({ name, ...fields })) as JsonObject);

/** Three versions: of the first import, of the user, and of the next import. */
function expectMerged(
  base: JsonObject[],
  mine: Record<string, object>,
  theirs: JsonObject[],
  fields: readonly string[],
): void {
  const first = imported(empty, base);
  // The user edits the tools that the first import wrote.
  const kept = base.map((tool) => ({ ...tool, ...mine[String(tool["name"])], name: tool["name"] }) as JsonObject);
  const second = imported({ ...first, text: JSON.stringify({ tools: kept }) }, theirs);
  const result = valueOf(second.text)["tools"] as JsonObject[];
  const [was, here, upstream] = [base, kept, theirs].map(byName);
  const names = [...base, ...theirs].map(({ name }) => name);
  expect(result.map(({ name }) => name).sort()).toEqual([...new Set(names)].sort());
  const gone = Object.keys(was!).filter((name) => upstream![name] === undefined);
  // A new entry that is the old one by another name explains where that has gone.
  const isGone = (note: string): boolean => note.includes("is gone upstream") || note.includes("is now called");
  expect(second.notes.filter(isGone)).toHaveLength(gone.length);
  for (const entry of result) {
    const name = String(entry["name"]);
    for (const field of fields) {
      const [before, own, other] = [was, here, upstream].map((by) => JSON.stringify(by![name]?.[field]));
      const isChanged = upstream![name] !== undefined && own === before;
      const expected = here![name] === undefined || isChanged ? other : own;
      expect(JSON.stringify(entry[field]), `${name} ${field}`).toBe(expected);
    }
  }
}

test("of three versions, each field is that of the one who changed it", () => {
  fc.assert(
    fc.property(tools, tools, tools, (base, mine, theirs) => expectMerged(listed(base), mine, listed(theirs), fields)),
    { numRuns: 300 },
  );
});

/** Some operations of an API, by their ids. */
const operations = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.record(
    {
      summary: fc.constantFrom("One", "Two"),
      description: fc.constantFrom("Does this.", "Does that."),
      parameters: fc.subarray(["x", "y"]).map((names) => names.map((name) => ({ in: "query", name, schema: {} }))),
    },
    { requiredKeys: [] },
  ),
  { noNullPrototype: true },
);
function apiTools(by: Record<string, object>): readonly ApiTool[] {
  const paths = Object.fromEntries(
    Object.entries(by).map(([id, operation]) => [`/${id}`, { get: { operationId: id, ...operation } }]),
  );
  const document = parseDocument(JSON.stringify({ openapi: "3.1.0", info: {}, paths }), "api")!;
  return toolsOf(document, { rules: [], server: "a", prefix: "" }).tools;
}

test("so it is of an API", () => {
  const edits = fc.dictionary(fc.constantFrom("a", "b", "c"), tool, { noNullPrototype: true });
  fc.assert(
    fc.property(operations, edits, operations, (base, mine, theirs) => {
      const [first, next] = [base, theirs].map((by) => apiTools(by).map(({ tool }) => tool));
      const plain = JSON.parse(JSON.stringify(mine)) as Record<string, object>;
      expectMerged(first!, plain, next!, ["title", "description", "inputSchema", "annotations"]);
    }),
    { numRuns: 100 },
  );
});

test("a handler that the user changed stays, and any other one follows the API", () => {
  const edits = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("mine", "stub", "removed"), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(operations, edits, operations, (base, mine, theirs) => {
      const disk = new Map<string, string>();
      const host = {
        read: (path: string) => (disk.has(path) ? bytesOf(disk.get(path)!) : undefined),
      } as unknown as Host;
      const write = (
        by: Record<string, object>,
        record: Readonly<Record<string, string>>,
      ): ReturnType<typeof writeHandlers> => {
        const api = apiTools(by);
        const result = writeHandlers(serverOf(api), "a.mcp.json", api, record, host);
        for (const { path, bytes } of result.changes) disk.set(path, textOf(bytes!));
        return result;
      };
      const first = write(base, {});
      const written = new Map(disk);
      for (const [name, edit] of Object.entries(mine)) {
        const path = `src/tools/${name}.ts`;
        if (edit === "removed") disk.delete(path);
        else if (edit === "stub") disk.set(path, stub(name));
        else if (disk.has(path)) disk.set(path, `// mine\n${disk.get(path)!}`);
      }
      const edited = new Map(disk);
      const { notes, record } = write(theirs, first.record);
      const conflicts: string[] = [];
      for (const { name } of apiTools(theirs)) {
        const path = `src/tools/${name}.ts`;
        const fresh = freshHandler(theirs, name);
        const isMine = edited.get(path)?.startsWith("// mine") === true;
        expect(disk.get(path)).toBe(isMine ? edited.get(path) : fresh);
        if (isMine && written.get(path) !== fresh) conflicts.push(path);
      }
      expect(notes.map((note) => note.split(" ")[0])).toEqual(conflicts);
      // Each import says what an earlier one said of a changed handler, until it is resolved.
      const lasting = notes.filter((note) => note.includes("its parameters may differ"));
      expect(lasting).toHaveLength(conflicts.filter((path) => written.has(path)).length);
      expect(write(theirs, record).notes).toEqual(lasting);
    }),
    { numRuns: 60 },
  );
});

/** The parts of a server that handlers need. */
function serverOf(api: readonly ApiTool[]): Server {
  const tools = api.map(({ name }) => ({
    name,
    span: { path: "a.mcp.json" },
    handler: { file: `src/tools/${name}.ts`, export: name, type: name.toUpperCase(), declared: false },
  }));
  return { tools, layout: { generated: "generated" } } as unknown as Server;
}
function freshHandler(by: Record<string, object>, name: string): string {
  const nothing = { read: () => undefined } as unknown as Host;
  const api = apiTools(by);
  const { changes } = writeHandlers(serverOf(api), "a.mcp.json", api, {}, nothing);
  return textOf(changes.find(({ path }) => path === `src/tools/${name}.ts`)!.bytes!);
}
const stub = (name: string): string =>
  `import { notImplemented } from "@mcpc/runtime";\nimport type { A } from "../../generated/types.js";\n\n` +
  `export const ${name}: A = async (_input, _context) => {\n  throw notImplemented("${name}");\n};\n`;

test.each<[what: string, here: object, record: "as imported" | "none", setting: object, result: object]>([
  ["new", {}, "none", { type: "string" }, { type: "string" }],
  ["changed upstream", { type: "number" }, "as imported", { type: "string" }, { type: "string" }],
  ["of the user's", { type: "number" }, "none", { type: "string" }, { type: "number" }],
])("a setting that is %s", (_, here, record, setting, result) => {
  const present = Object.keys(here).length > 0 ? { url: here } : {};
  const text = JSON.stringify({ runtime: { config: { properties: present } } });
  const before =
    record === "none" ? {} : mergeSettings(new Map([["url", here as JsonObject]]), {}, manifest("{}"), []).record;
  const merged = mergeSettings(new Map([["url", setting as JsonObject]]), before, manifest(text), []);
  expect(valueOf(merged.text)).toEqual({ runtime: { config: { properties: { url: result } } } });
});
function manifest(text: string): { path: string; text: string; root: JsonObject } {
  return { path: "a.mcp.json", text, root: JSON.parse(text) as JsonObject };
}

function byName(entries: readonly JsonObject[]): Record<string, Record<string, Json>> {
  return Object.fromEntries(entries.map((entry) => [String(entry["name"]), entry as Record<string, Json>]));
}
