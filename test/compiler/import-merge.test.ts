import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "../../compiler/1-read/parse.js";
import { merge, recordOf, type Imported, type ImportRecord, type MergeResult } from "../../compiler/import/merge.js";
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
    const c = { ...b, name: "c" };
    const { text, notes, counts } = imported(first, [c, a]);
    expect(valueOf(text)["tools"]).toEqual([a, b, c]);
    expect([notes, counts]).toEqual([
      ["tools/b is gone upstream, and stays in the manifest"],
      { added: 1, changed: 0, gone: 1 },
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

test("of three versions, each field is that of the one who changed it", () => {
  fc.assert(
    fc.property(tools, tools, tools, (base, mine, theirs) => {
      const first = imported(empty, listed(base));
      // The user edits the tools that the first import wrote.
      const kept = Object.fromEntries(Object.keys(base).map((name) => [name, mine[name] ?? base[name]!]));
      const second = imported({ ...first, text: JSON.stringify({ tools: listed(kept) }) }, listed(theirs));
      const result = valueOf(second.text)["tools"] as JsonObject[];
      const [was, here, upstream] = [listed(base), listed(kept), listed(theirs)].map(byName);
      expect(result.map(({ name }) => name).sort()).toEqual(
        [...new Set([...Object.keys(base), ...Object.keys(theirs)])].sort(),
      );
      for (const entry of result) {
        const name = String(entry["name"]);
        for (const field of fields) {
          const [before, own, other] = [was, here, upstream].map((by) => JSON.stringify(by![name]?.[field]));
          const isChanged = upstream![name] !== undefined && own === before;
          const expected = here![name] === undefined || isChanged ? other : own;
          expect(JSON.stringify(entry[field]), `${name} ${field}`).toBe(expected);
        }
      }
    }),
    { numRuns: 300 },
  );
});

function byName(entries: readonly JsonObject[]): Record<string, Record<string, Json>> {
  return Object.fromEntries(entries.map((entry) => [String(entry["name"]), entry as Record<string, Json>]));
}
