import type { Json } from "../../model/source.js";
import type { JsonSchema } from "../../model/schema.js";
import { patternSamples } from "./pattern-samples.js";

/** Values from schemas: values that distinguish two schemas are close to one of them. */
export interface Palette {
  readonly strings: readonly string[];
  readonly numbers: readonly number[];
}

const maxOfEach = 120;
const longest = 2000;
const lengths: ReadonlySet<string> = new Set(["minLength", "maxLength"]);

export function paletteOf(schemas: readonly JsonSchema[]): Palette {
  const strings = new Set<string>(["", "a", "text"]);
  const numbers = new Set<number>();
  const visit = (value: Json, keyword: string): void => {
    if (typeof value === "string") {
      if (keyword === "pattern") for (const text of patternSamples(value)) strings.add(text);
      else if (keyword === "format") for (const text of formatSamples(value)) strings.add(text);
      else if (keyword !== "description" && keyword !== "title" && keyword !== "$ref") strings.add(value);
    } else if (typeof value === "number") {
      numbers.add(value);
      if (lengths.has(keyword))
        for (const length of [value - 1, value, value + 1])
          if (length > 0 && length < longest) strings.add("a".repeat(length));
    } else if (Array.isArray(value)) (value as readonly Json[]).forEach((each) => visit(each, keyword));
    else if (typeof value === "object" && value !== null)
      for (const [key, each] of Object.entries(value)) {
        if (keyword === "patternProperties") for (const text of patternSamples(key)) strings.add(text);
        visit(each as Json, key);
      }
  };
  schemas.forEach((schema) => visit(schema as Json, ""));
  return { strings: [...strings].slice(0, maxOfEach), numbers: [...numbers].slice(0, maxOfEach) };
}

const samplesOfFormat: Readonly<Record<string, readonly string[]>> = {
  date: ["2024-02-29"],
  time: ["10:30:00Z"],
  "date-time": ["2024-02-29T10:30:00Z"],
  "iso-time": ["10:30:00", "10:30:00Z"],
  "iso-date-time": ["2024-02-29T10:30:00", "2024-02-29T10:30:00Z"],
  duration: ["P1D"],
  uri: ["https://example.com/", "urn:a"],
  "uri-reference": ["/a", "https://example.com/"],
  "uri-template": ["/{a}"],
  url: ["https://example.com/"],
  email: ["a@example.com"],
  hostname: ["example.com"],
  ipv4: ["192.0.2.1"],
  ipv6: ["2001:db8::1"],
  regex: ["^a$"],
  uuid: ["0b8ed1b0-5a3b-4a36-8b5e-5b0c9a3b6f10"],
  "json-pointer": ["/a", ""],
  "json-pointer-uri-fragment": ["#/a"],
  "relative-json-pointer": ["0/a"],
  byte: ["YQ=="],
};

export function formatSamples(format: string): readonly string[] {
  return samplesOfFormat[format] ?? [];
}
