import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { XMLValidator } from "fast-xml-parser";
import { expect } from "vitest";
import { formats } from "../../compiler/diagnostics/formats.js";
import type { Report } from "../../compiler/diagnostics/report.js";

const require = createRequire(import.meta.url);
const {
  id: _,
  $schema: __,
  ...schema
} = JSON.parse(readFileSync(require.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"));
/** Whether a value is a log by the official schema of SARIF. */
export const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);

/** Expects that each format for machines is well-formed, and holds each diagnostic. */
export function expectWellFormed(reports: readonly Report[]): void {
  const all = reports.flatMap(({ diagnostics }) => diagnostics);
  const log = JSON.parse(formats.sarif(reports));
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true);
  expect(log.runs[0].results).toHaveLength(all.length);
  expect(XMLValidator.validate(formats.junit(reports))).toBe(true);
  const annotations = formats.github(reports).trim().split("\n");
  expect(annotations).toHaveLength(all.length);
  // A value has neither a separator nor a percent sign that begins no escape.
  for (const annotation of annotations)
    expect(annotation).toMatch(/^::(?:error|warning) (?:\w+=(?:[^%:,]|%25|%0A|%3A|%2C)*,?)+::(?:[^%]|%25|%0A)*$/);
}
