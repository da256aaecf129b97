import { expect, test } from "vitest";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { segments } from "../../compiler/4-emit/surface.js";
import { runtimeTemplate } from "../../compiler/json-schema/placeholders.js";
import { createErrors } from "../../runtime/protocol/context.js";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

const manifest = (text: string) => ({
  server: { name: "prompts", version: "1.0.0" },
  prompts: [{ name: "p", arguments: [{ name: "x" }], messages: [{ role: "user", content: { type: "text", text } }] }],
});
const declaring = (message: string) => ({
  server: { name: "errors", version: "1.0.0" },
  tools: [{ name: "t", inputSchema: { type: "object" }, errors: { e: { message } } }],
});
const checked = (text: string, project: (text: string) => object = manifest) => {
  const host = memoryHost({ "a.mcp.json": JSON.stringify(project(text)) });
  return compileManifests(host).diagnostics.filter(({ code }) => code !== "prompt/unused-argument");
};
/** The text of a message in which the argument is "VALUE". */
const rendered = (text: string): unknown =>
  JSON.parse(
    segments([text], ["x"])
      .map((part) => (typeof part === "number" ? "VALUE" : part))
      .join(""),
  )[0];

test.each([
  ["no braces", "no braces"],
  ["{{x}}", "VALUE"],
  ["{{ x }} and {{x}}", "VALUE and VALUE"],
  ["\\{{x}}", "{{x}}"],
  ["\\{{ y }} and {{x}}", "{{ y }} and VALUE"],
  ["\\\\{{x}}", "\\VALUE"],
  ["\\\\\\{{x}}", "\\{{x}}"],
  ["C:\\dir\\ {{x}}", "C:\\dir\\ VALUE"],
  ["a \\ b \\{x} {{}}", "a \\ b \\{x} {{}}"],
  ["{{x}}\\{{x}}{{x}}", "VALUE{{x}}VALUE"],
  ["{{{x}}}", "{VALUE}"],
  ["\\{{{x}}}", "\\{VALUE}"],
])("%j becomes %j", (text, expected) => {
  expect(checked(text)).toEqual([]);
  expect(rendered(text)).toBe(expected);
});

test.each([
  ["no braces", "no braces"],
  ["{{x}}", "VALUE"],
  ["{{ x }} and {{x}}, {{y}}", "VALUE and VALUE, OTHER"],
  ["\\{{x}}", "{{x}}"],
  ["\\\\{{x}}", "\\VALUE"],
  ["{{{x}}}", "{VALUE}"],
  ['{ "x": {{x}}, "y": {} }', '{ "x": VALUE, "y": {} }'],
  ["{{x}} { y } {{} {the thing}", "VALUE { y } {{} {the thing}"],
  ["${{x}}", "$VALUE"],
  // Without double braces, single ones are placeholders.
  ["{x} and {y}", "VALUE and OTHER"],
  ["C:\\{x}", "C:\\VALUE"],
  ['"{x}"', '"VALUE"'],
])("in an error, %j becomes %j", (text, expected) => {
  expect(checked(text, declaring)).toEqual([]);
  const errors = createErrors(new Map([["e", runtimeTemplate(text)]]));
  expect(errors["e"]!({ x: "VALUE", y: "OTHER", "the thing": 1, "{": 2 }).message).toBe(expected);
});

test.each([
  ["{{the thing}}", ["error/invalid-placeholder"]],
  ["{the thing}", ["error/invalid-placeholder"]],
  ["{}", ["error/invalid-placeholder"]],
  ["${x}", ["text/not-a-placeholder"]],
  ["#{x}", ["text/not-a-placeholder"]],
  ["%{x}", ["text/not-a-placeholder"]],
  ["{{x}", ["text/not-a-placeholder"]],
  ["{x}}", ["text/not-a-placeholder"]],
  ["{x} and {{y}}", ["text/not-a-placeholder"]],
  ["${x} and ${{y}}", ["text/not-a-placeholder"]],
  ["{".repeat(100_000), ["text/not-a-placeholder"]],
  ["{{ ".repeat(10_000), Array.from({ length: 10_000 }, () => "text/not-a-placeholder")],
  [`{{x}}${"\\{{x}".repeat(10_000)}}`, Array.from({ length: 9_999 }, () => "text/not-a-placeholder")],
])("in an error, %.20j is diagnosed", (text, codes) => {
  expect(checked(text, declaring).map(({ code }) => code)).toEqual(codes);
});

test.each([
  ["{x}", "{x}", "{{x}}"],
  ["Dear ${x},", "${x}", "{{x}}"],
  ["\\u007b {{x}} #{x}", "#{x}", "{{x}}"],
  ["{{x} {y}", "{{x}", "{{x}}"],
])("in a prompt, %j has something that is no placeholder", (text, written, meant) => {
  expect(checked(text)).toMatchObject([
    { code: "text/not-a-placeholder", message: expect.stringContaining(written), help: `did you mean "${meant}"?` },
  ]);
});

test.each<[text: string, written: string, meant: string | undefined]>([
  ["Look at {{x.", "{{x", "{{x}}"],
  ["Look at {{ x", "{{ x", "{{x}}"],
  ["{{x}} and {{other, please", "{{other", "{{other}}"],
  ["{{other and {{x}}", "{{other", "{{other}}"],
  ["{{other} and {{x}}", "{{other", "{{other}}"],
  ["a {{ 1 {{x}}", "{{", undefined],
  ['\u007b"{{{x, ü', "{{x", "{{x}}"],
])("in a prompt, an error and a question, %j has braces that are not closed", (text, written, meant) => {
  const asking = (message: string): object => ({
    server: { name: "questions", version: "1.0.0" },
    tools: [{ name: "t", inputSchema: { type: "object" }, elicitations: { q: { message, url: "https://a.b" } } }],
  });
  for (const project of [manifest, declaring, asking]) {
    const source = JSON.stringify(project(text));
    const [{ code, message, help, span }, ...more] = checked(text, project) as [Diagnostic, ...Diagnostic[]];
    expect(more).toEqual([]);
    expect({ code, help }).toEqual({
      code: "text/not-a-placeholder",
      help: meant === undefined ? 'close it with "}}", or remove it' : `did you mean "${meant}"?`,
    });
    expect(message).toContain(written);
    expect(source.slice(span!.start).startsWith(written)).toBe(true);
  }
});

test("the help of an unknown variable says how to write the braces themselves", () => {
  expect(checked("{{mustache}}")).toMatchObject([
    {
      code: "prompt/unknown-variable",
      help: 'declare it under "arguments", or write \\\\{{mustache}} for the braces themselves',
    },
  ]);
});

test("a text of many blanks or backslashes takes no time", () => {
  expect(checked(`{{${" ".repeat(100_000)}`)).toHaveLength(1);
  expect(rendered(`${"\\".repeat(100_000)}{{x}}`)).toBe(`${"\\".repeat(50_000)}VALUE`);
});
