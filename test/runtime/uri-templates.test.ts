import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findResource } from "../../runtime/protocol/resource-lookup.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { uriMatcher } from "../../runtime/protocol/uri-matcher.js";
import { parseUriTemplate, type Expression, type UriTemplate } from "../../runtime/protocol/uri-template.js";
import { serverWith } from "./surface.js";

function parsed(text: string): UriTemplate {
  const result = parseUriTemplate(text);
  if ("error" in result) throw new Error(result.error);
  return result.template;
}

const matched = (template: string, uri: string): Record<string, string> | undefined => {
  const values = uriMatcher(parsed(template))(uri);
  return values && Object.fromEntries(values);
};

const rows: readonly [template: string, uri: string, variables: Record<string, string> | undefined][] = [
  ["x://{a}", "x://1", { a: "1" }],
  ["x://{a}", "x://1/2", undefined],
  ["x://{a}", "x://", undefined],
  ["x://{a}", "x://a,b", { a: "a,b" }],
  ["x://{+a}", "x://1/2?3#4", { a: "1/2?3#4" }],
  ["x://{a}-{b}", "x://1-2-3", { a: "1", b: "2-3" }],
  ["x://{+a}/meta/{b}", "x://1/2/meta/3", { a: "1/2", b: "3" }],
  ["x://{+a}/{b}", "x://1/2/3", { a: "1/2", b: "3" }],
  ["x://{__proto__}", "x://1", Object.fromEntries([["__proto__", "1"]])],
  // What expansion may leave out.
  ["x://h{/a,b}", "x://h", {}],
  ["x://h{/a,b}", "x://h/1", { a: "1" }],
  ["x://h{/a,b}", "x://h/1/2", { a: "1", b: "2" }],
  ["x://h{/a,b}", "x://h/1/2/3", undefined],
  ["x://h{/a,b}/end", "x://h/end", {}],
  ["x://h{/a,b}/end", "x://h/1/end", { a: "1" }],
  ["x://{a,b}", "x://1", { a: "1" }],
  ["x://{a,b}", "x://1,2", { a: "1", b: "2" }],
  ["x://{a,b}", "x://", {}],
  ["x://{a,b}", "x://1,2,3", undefined],
  ["x://{+a,b}", "x://1/2,3", { a: "1/2", b: "3" }],
  ["x://h{#f}", "x://h", {}],
  ["x://h{#f}", "x://h#1/2", { f: "1/2" }],
  ["x://h{#f,g}", "x://h#1,2", { f: "1", g: "2" }],
  ["x://h{.x}", "x://h", {}],
  ["x://h{.x}", "x://h.md", { x: "md" }],
  ["x://{name}{.x}", "x://a.tar.gz", { name: "a.tar", x: "gz" }],
  ["x://{name}{.x}", "x://a", { name: "a" }],
  ["x://h{;a,b}", "x://h;b=2;a=1", { a: "1", b: "2" }],
  ["x://h{;a,b}", "x://h;a", { a: "" }],
  // Lists.
  ["x://{path*}", "x://1,2", { path: "1,2" }],
  ["x://{path*}", "x://1/2", undefined],
  ["x://h{/path*}", "x://h/1/2", { path: "1/2" }],
  ["x://h{.labels*}", "x://h.a.b", { labels: "a.b" }],
  ["x://h{?q*}", "x://h?q=1&q=2", { q: "1,2" }],
  ["x://h{;q*}", "x://h;q=1;q=2", { q: "1,2" }],
  // Queries, in any order, among others.
  ["x://h{?page,limit}", "x://h?limit=10&page=1", { page: "1", limit: "10" }],
  ["x://h{?page,limit}", "x://h?page=2&other=1", { page: "2" }],
  ["x://h{?page,limit}", "x://h?other", {}],
  ["x://h{?page,limit}", "x://h?", {}],
  ["x://h{?page,limit}", "x://h", {}],
  ["x://h{?page}", "x://h?page", { page: "" }],
  ["x://h{?page}", "x://h?pages=1", {}],
  ["x://h{?page}", "x://h?page=1&page=2", { page: "1" }],
  ["x://h{?a}{&b}", "x://h?b=2&a=1", { a: "1", b: "2" }],
  ["x://h{?a}{#f}", "x://h?a=1#2", { a: "1", f: "2" }],
  ["x://{+path}{?line}", "x://1/2?line=3", { path: "1/2", line: "3" }],
  ["x://{a}{?q}", "x://1?q=/", { a: "1", q: "/" }],
  ["x://h?kind=all{&page}", "x://h?page=2&kind=all", { page: "2" }],
  ["x://h?kind=all{&page}", "x://h?page=2", undefined],
  ["x://h?kind=all{&page}", "x://h?kind=none&page=2", undefined],
  ["x://h?a={x}&b={y}", "x://h?b=2&c=3&a=1", { x: "1", y: "2" }],
  ["x://h?a={x}&b={y}", "x://h?a=1", undefined],
  ["x://h?a={x}", "x://h?a=", undefined],
  ["x://h?fixed", "x://h?fixed", {}],
  ["x://h?fixed", "x://h?fixed&more", undefined],
  ["x://h?{a}/{b}", "x://h?1/2", { a: "1", b: "2" }],
  ["x://h{?a}/end", "x://h?a=1/end", { a: "1" }],
];
test.each(rows)("%s, and %s", (template, uri, variables) => {
  expect(matched(template, uri)).toEqual(variables);
});

/** Texts without what any operator or literal of these tests is made of. */
const word = fc.stringMatching(/^[a-z]{1,3}$/);
const operator = fc.constantFrom<Expression["operator"][]>("", "+", "#", ".", "/", ";", "?", "&");

/** Templates of all kinds, ambiguous ones too. */
const anyTemplate = fc
  .array(
    fc.oneof(
      fc.constantFrom("a", "/", "-", "aa", "?x=", "&y=", "?", "a/"),
      fc.tuple(operator, fc.nat(2), fc.boolean()),
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => {
    let count = 0;
    const text = parts.map((part) => {
      if (typeof part === "string") return part;
      const [operator, more, explode] = part;
      const names = Array.from({ length: more + 1 }, () => `v${(count += 1)}${explode ? "*" : ""}`);
      return `{${operator}${names.join(",")}}`;
    });
    return { text: text.join(""), parts: text.length + count };
  });

/** URIs that can be cut in many ways. */
const hostile = fc.tuple(
  fc.constantFrom("a", "/", "a/", "-a", "?a=a&", "a,", ";v1=a", ".a", "a#"),
  fc.constantFrom("", "!", "#", "/end"),
);

describe("any template matches any URI in time as long as the URI", () => {
  /** A text that counts the characters that are looked at. */
  function counted(text: string): { uri: string; looks: () => number } {
    let looks = 0;
    const uri = new Proxy(new String(text), {
      get(target, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) looks += 1;
        if (key === "startsWith")
          return (part: string, at: number) => ((looks += part.length), text.startsWith(part, at));
        const member = Reflect.get(target, key, target) as unknown;
        return typeof member === "function" ? (member as () => void).bind(text) : member;
      },
    });
    return { uri: uri as unknown as string, looks: () => looks };
  }

  test("whatever it is made of", () => {
    fc.assert(
      fc.property(anyTemplate, hostile, ({ text, parts }, [repeated, end]) => {
        const match = uriMatcher(parsed(text));
        const { uri, looks } = counted(repeated.repeat(400 / repeated.length) + end);
        match(uri);
        // For each variable at most three looks at a character, for each literal as many as it has.
        expect(looks()).toBeLessThanOrEqual((3 * parts + text.length) * (uri.length + 1));
      }),
      { numRuns: 300 },
    );
  });

  test("and finds what a URI was made of", () => {
    const expression = fc.tuple(operator, fc.array(word, { minLength: 1, maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(expression, { minLength: 1, maxLength: 5 }), (parts) => {
        const names: Record<string, string> = {};
        const template: string[] = [];
        const uri: string[] = [];
        for (const [operator, values] of parts) {
          const own = values.map((value) => {
            const name = `v${Object.keys(names).length}`;
            names[name] = value;
            return name;
          });
          template.push(`{${operator}${own.join(",")}}`);
          uri.push(expand(operator, own, names));
        }
        // Text between them that no value holds.
        const between = (list: string[]): string => `x://${list.join("-")}!`;
        expect(matched(between(template), between(uri))).toEqual(names);
      }),
    );
  });
});

/** RFC 6570, section 3.2, for values that are words. */
function expand(operator: Expression["operator"], names: readonly string[], values: Record<string, string>): string {
  const isNamed = ";?&".includes(operator) && operator !== "";
  const parts = names.map((name) => (isNamed ? `${name}=${values[name]}` : values[name]!));
  const between = operator === "" || operator === "+" || operator === "#" ? "," : operator === "?" ? "&" : operator;
  return (operator === "+" ? "" : operator) + parts.join(between);
}

describe("a URI is looked up as it is written, then as URLs are normalised", () => {
  const made = serverWith({});
  const resources = ["https://Example.com", "https://example.com/b", "x://one", "x://h/two words"].map((uri) => ({
    uri,
  }));
  const resourceTemplates = ["https://EXAMPLE.com:443/of/{id}", "x://of/{id}", "x://{+rest}?fixed=1{&q}"].map(
    (uriTemplate) => ({ uriTemplate, variables: [] }),
  );
  const server = defineServer({ ...made.surface, resources, resourceTemplates }, made.handlers, () => ({}));
  test.each<[uri: string, found: string | undefined, variables?: object]>([
    ["https://Example.com", "https://Example.com"],
    ["https://example.com/", "https://Example.com"],
    ["HTTPS://EXAMPLE.COM:443", "https://Example.com"],
    ["https://example.com/a/../b", "https://example.com/b"],
    ["https://example.com/%62", undefined],
    ["X://one", "x://one"],
    ["x://h/two%20words", "x://h/two words"],
    ["x://three", undefined],
    ["https://example.com/of/7", "https://EXAMPLE.com:443/of/{id}", { id: "7" }],
    ["https://example.com/of/a/../7", "https://EXAMPLE.com:443/of/{id}", { id: "7" }],
    ["X://of/7", "x://of/{id}", { id: "7" }],
    ["x://of/a%2Fb", "x://of/{id}", { id: "a/b" }],
    ["x://of/%zz", undefined],
    [`x://of/${"a".repeat(2048)}`, undefined],
    ["x://a/../b?q=2&fixed=1", "x://{+rest}?fixed=1{&q}", { rest: "a/../b", q: "2" }],
    ["no url", undefined],
  ])("%s", (uri, found, variables) => {
    const { resource, template, ...rest } = findResource(server, uri) ?? {};
    expect(resource?.uri ?? template?.uriTemplate).toBe(found);
    expect("variables" in rest ? rest.variables : undefined).toEqual(variables);
  });
});
