import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { segments } from "../../compiler/4-emit/surface.js";
import { memoryHost } from "./memory-host.js";

const manifest = (text: string) => ({
  server: { name: "prompts", version: "1.0.0" },
  prompts: [{ name: "p", arguments: [{ name: "x" }], messages: [{ role: "user", content: { type: "text", text } }] }],
});
const checked = (text: string) => {
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest(text)) });
  return check(read(host).value!, host).diagnostics.filter(({ code }) => code !== "prompt/unused-argument");
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

test("the help of an unknown variable says how to write the braces themselves", () => {
  expect(checked("{{mustache}}")).toMatchObject([
    {
      code: "prompt/unknown-variable",
      help: 'declare it under "arguments", or write \\\\{{mustache}} for the braces themselves',
    },
  ]);
});

test("a text of many blanks or backslashes takes no time", () => {
  expect(checked(`{{${" ".repeat(100_000)}`)).toEqual([]);
  expect(rendered(`${"\\".repeat(100_000)}{{x}}`)).toBe(`${"\\".repeat(50_000)}VALUE`);
});
