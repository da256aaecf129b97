import reference from "ajv-formats/dist/formats.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as formats from "../../runtime/codegen/v1/formats.js";

type Check = (value: string) => boolean;
const asCheck = (format: unknown): Check => {
  if (format === true) return () => true;
  if (format instanceof RegExp) return (value) => format.test(value);
  if (typeof format === "function") return format as Check;
  const { validate } = format as { validate: unknown };
  return validate instanceof RegExp ? (value) => validate.test(value) : (validate as Check);
};
const ours = new Map(
  Object.entries(formats).map(([name, format]) => [name.replace(/_format$/, "").replaceAll("_", "-"), asCheck(format)]),
);
const theirs = new Map(Object.entries(reference.fullFormats).map(([name, format]) => [name, asCheck(format)]));

test("every format that ajv-formats knows is known", () => {
  expect([...theirs.keys()].filter((name) => !ours.has(name))).toEqual([]);
});

const samples: Readonly<Record<string, readonly string[]>> = {
  date: [
    "2024-02-29",
    "2023-02-29",
    "2000-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-04-31",
    "24-01-01",
    "2024-1-1",
  ],
  time: [
    "12:00:00Z",
    "12:00:00",
    "24:00:00Z",
    "23:59:60Z",
    "22:59:60Z",
    "00:59:60+01:00",
    "12:00:00.123Z",
    "12:00:00+24:00",
    "12:00Z",
  ],
  "date-time": [
    "2024-02-29T12:00:00Z",
    "2024-02-29 12:00:00Z",
    "2024-02-30T12:00:00Z",
    "2024-02-29T12:00:00",
    "2024-02-29t12:00:00z",
    "x",
  ],
  duration: ["P1D", "P", "PT", "P1W", "P1Y2M3DT4H5M6S", "PT5M", "P1DT", "1D"],
  uri: ["http://a.b/c?d#e", "a:b", "//a", "a b:c", "http://a/%zz", "urn:x:y", "http://[::1]/", "", "mailto:a@b.c"],
  "uri-reference": ["/a", "a/b", "#x", "http://a", "\\", "a b", ""],
  "uri-template": ["/a/{b}", "{?x,y}", "{", "{x", "}", "/a", "{x*}", "{x:3}"],
  email: ["a@b.c", "a@b", "a.b@c.de", "@b.c", "a@", "a b@c.de", "a@-b.c", "A@B.CO"],
  hostname: ["a.b", "-a", "a-", "a..b", "a".repeat(64), "localhost", "a_b", "1.2.3.4"],
  ipv4: ["1.2.3.4", "256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", ""],
  ipv6: [
    "::1",
    "::",
    "1::2::3",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7",
    "::ffff:1.2.3.4",
    "12345::",
    "1:2:3:4:5:6:7::",
    ":1",
    "1:",
  ],
  regex: ["a+", "(", "[a-", "\\d", "^a$"],
  uuid: [
    "123e4567-e89b-12d3-a456-426614174000",
    "123e4567e89b12d3a456426614174000",
    "urn:uuid:123e4567-e89b-12d3-a456-426614174000",
  ],
  "json-pointer": ["", "/a", "a", "/a~0", "/a~2", "/~"],
  "relative-json-pointer": ["0", "1/a", "0#", "01", "-1", "1#a"],
  byte: ["YQ==", "YQ=", "YQ", "YWJj", "", "*"],
};

test.each(Object.entries(samples))("%s agrees with ajv-formats on samples", (name, values) => {
  for (const value of values)
    expect([name, value, ours.get(name)!(value)]).toEqual([name, value, theirs.get(name)!(value)]);
});

test("no text keeps a format busy for ever, or makes it throw", () => {
  for (const [name, check] of ours) {
    for (const piece of ["a", "a.", "a-", "1:", "%61", "{a}", "/~0", "A@", "-"]) {
      // Exponential time would never end.
      expect(typeof check(`${piece.repeat(20_000)}!`), `${name} ${piece}`).toBe("boolean");
    }
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) =>
      [...ours.values()].every((check) => typeof check(text) === "boolean"),
    ),
  );
});
