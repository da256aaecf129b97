import { expect, test } from "vitest";
import { checkKeywords } from "../../compiler/2-check/keywords.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { keywordsOf, knownFormats } from "../../compiler/json-schema/dialect.js";
import { located } from "../../compiler/json-schema/located.js";
import type { Dialect } from "../../compiler/model/schema.js";
import type { JsonObject, LocatedObject } from "../../compiler/model/source.js";

function found(schema: JsonObject, dialect: Dialect): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const node = located(schema, { path: "a.mcp.json", start: 0, end: 0 }) as LocatedObject;
  checkKeywords(node, dialect, () => true, diagnostics);
  return diagnostics;
}

/** A letter is missing, stands twice, or changed places with the next. */
function slips(word: string): string[] {
  const at = [...word].map((_, index) => index);
  return at.flatMap((index) => [
    word.slice(0, index) + word.slice(index + 1),
    word.slice(0, index + 1) + word.slice(index),
    word.slice(0, index) + (word[index + 1] ?? "") + word[index]! + word.slice(index + 2),
  ]);
}

test.each(Object.keys(keywordsOf) as Dialect[])(
  "a slip of the pen in a keyword of %s has its suggestion",
  (dialect) => {
    const known = keywordsOf[dialect];
    let exact = 0;
    let all = 0;
    for (const keyword of known) {
      for (const slip of slips(keyword).filter((word) => word !== "" && !known.has(word) && !/^x-/.test(word))) {
        const [diagnostic] = found({ [slip]: 1 }, dialect);
        expect([slip, diagnostic?.help]).toEqual([slip, expect.stringMatching(/^(did you mean|write)/)]);
        all += 1;
        if (diagnostic!.help === `did you mean "${keyword}"?`) exact += 1;
      }
    }
    expect(all).toBeGreaterThan(1000);
    expect(exact / all).toBeGreaterThan(0.97);
  },
);

test("a slip of the pen in a format has its suggestion", () => {
  for (const format of knownFormats) {
    for (const slip of slips(format).filter((word) => word.length > 2 && !knownFormats.has(word))) {
      const [diagnostic] = found({ format: slip }, "2020-12");
      expect([slip, diagnostic?.help]).toEqual([slip, expect.stringMatching(/^did you mean/)]);
    }
  }
});

test.each<[JsonObject, string | undefined]>([
  [{ example: 1, externalDocs: {}, xml: {} }, undefined],
  [{ markdownDescription: "", enumDescriptions: [], defaultSnippets: [], errorMessage: "", "x-order": 1 }, undefined],
  [{ nullable: true }, 'write "type": ["…", "null"]'],
  [{ id: "a" }, 'write "$id"; to name a property, put it into "properties"'],
  [{ divisibleBy: 2 }, 'write "multipleOf"'],
  [{ additionalItems: false }, 'write "items": what follows "prefixItems" obeys it'],
  [{ minimun: 1 }, 'did you mean "minimum"?'],
  [{ minlength: 1 }, 'did you mean "minLength"?'],
  [{ somethingElse: 1 }, 'remove it, or let its name begin with "x-"'],
])("%j: %s", (schema, help) => {
  expect(found(schema, "2020-12").map((diagnostic) => diagnostic.help)).toEqual(help === undefined ? [] : [help]);
});
