import { expect, test } from "vitest";
import { fileName } from "../../compiler/3-lower/names.js";

test.each([
  ["get_weather", "get_weather"],
  ["a.test", "a.test-tool"],
  ["a.spec", "a.spec-tool"],
  ["A.TEST", "A.TEST-tool"],
  ["a.d", "a.d-tool"],
  // Cut, or stripped, to such a name.
  [`${"a".repeat(75)}.test.more`, `${"a".repeat(75)}.test-tool`],
  ["a.spec.", "a.spec-tool"],
  ["a.test-", "a.test-tool"],
  // No test runner collects these.
  ["a.tests", "a.tests"],
  ["test", "test"],
  ["spec.a", "spec.a"],
  ["index", "index-tool"],
  ["con.x", "con.x-tool"],
])("the file of the handler of %s is %s", (name, file) => {
  expect(fileName(name, "tool")).toBe(file);
});
