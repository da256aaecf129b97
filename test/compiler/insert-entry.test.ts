import fc from "fast-check";
import { expect, test } from "vitest";
import { insertEntry } from "../../compiler/add/insert-entry.js";
import { parse } from "../../compiler/1-read/parse.js";
import type { Json, LocatedObject } from "../../compiler/model/source.js";

function rootOf(text: string): LocatedObject {
  const { file, diagnostics } = parse("a.mcp.json", new TextEncoder().encode(text));
  expect(diagnostics).toEqual([]);
  return file!.root as LocatedObject;
}

const inserted = (text: string, section = "tools", entry = { name: "new" }): string =>
  insertEntry(text, rootOf(text), section, entry);

test.each<[what: string, before: string, after: string]>([
  [
    "the last of several",
    `{\n  "tools": [\n    { "name": "a" }\n  ]\n}\n`,
    `{\n  "tools": [\n    { "name": "a" },\n    {\n      "name": "new"\n    }\n  ]\n}\n`,
  ],
  [
    "after a trailing comma and a comment",
    `{\n\t"tools": [\n\t\t{ "name": "a" }, // the first, "[x]"\n\t\t/* and no other */\n\t],\n}\n`,
    `{\n\t"tools": [\n\t\t{ "name": "a" }, // the first, "[x]"\n\t\t/* and no other */\n\t\t{\n\t\t\t"name": "new"\n\t\t},\n\t],\n}\n`,
  ],
  [
    "before a comment that follows the last",
    `{\n  "tools": [\n    { "name": "a" } // , [\n  ]\n}\n`,
    `{\n  "tools": [\n    { "name": "a" }, // , [\n    {\n      "name": "new"\n    }\n  ]\n}\n`,
  ],
  ["into an empty list on one line", `{ "tools": [] }`, `{ "tools": [\n  {\n    "name": "new"\n  }\n] }`],
  [
    "as a section that is new",
    `{\n    "server": {}\n}\n`,
    `{\n    "server": {},\n    "tools": [\n        {\n            "name": "new"\n        }\n    ]\n}\n`,
  ],
  [
    "with the line ends of the file",
    `{\r\n  "tools": [\r\n    {}\r\n  ]\r\n}`,
    `{\r\n  "tools": [\r\n    {},\r\n    {\r\n      "name": "new"\r\n    }\r\n  ]\r\n}`,
  ],
  ["into an empty manifest", `{}`, `{\n  "tools": [\n    {\n      "name": "new"\n    }\n  ]\n}`],
])("an entry is added %s", (_, before, after) => {
  expect(inserted(before)).toBe(after);
});

/** White space and comments between tokens. */
const gap = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", " ", "\n", "\n  ", "\r\n\t") },
  fc.constantFrom("/* [ , ] } */", "// ] , {\n", "/**/ "),
);
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.json({ maxDepth: 1 }),
    fc
      .tuple(gap, fc.array(fc.tuple(tie("value"), gap)), fc.boolean())
      .map(([before, items, trailing]) => list("[", "]", before, items, trailing)),
  ),
})).value;
function list(
  open: string,
  close: string,
  before: string,
  items: readonly (readonly [string, string])[],
  trailing: boolean,
): string {
  const parts = items.map(([item, after], index) => item + after + (index < items.length - 1 || trailing ? "," : ""));
  return open + before + parts.join(before) + before + close;
}
const manifest = fc
  .tuple(
    gap,
    fc.uniqueArray(fc.tuple(fc.constantFrom("server", "tools", "prompts", "x"), value, gap), {
      selector: ([key]) => key,
    }),
    fc.boolean(),
    gap,
  )
  .map(([before, members, trailing, after]) => {
    const items = members.map(
      ([key, text, gap]) =>
        [`${JSON.stringify(key)}:${key === "tools" && !text.startsWith("[") ? "[]" : text}`, gap] as const,
    );
    return before + list("{", "}", before, items, trailing) + after;
  });

test("an added entry is the last of its section, and nothing else changes", () => {
  fc.assert(
    fc.property(manifest, fc.constantFrom("tools", "resources"), (text, section) => {
      const before = rootOf(text).value as Record<string, Json>;
      const after = inserted(text, section);
      const entries = (before[section] ?? []) as Json[];
      expect(rootOf(after).value).toEqual({ ...before, [section]: [...entries, { name: "new" }] });
      // Every character of the text is there, in its order, so the layout stays.
      let at = 0;
      for (const character of text) {
        at = after.indexOf(character, at) + 1;
        expect(at).toBeGreaterThan(0);
      }
      // Strings are matched as a whole, since they may hold slashes.
      const comments = (of: string): string[] =>
        (of.match(/"(?:[^"\\]|\\.)*"|\/\*.*?\*\/|\/\/.*/g) ?? []).filter((part) => part.startsWith("/"));
      expect(comments(after)).toEqual(comments(text));
    }),
    { numRuns: 500, examples: [['{"server":["//"]}', "tools"]] },
  );
});
