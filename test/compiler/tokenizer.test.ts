import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { exceedsTokens } from "../../runtime/protocol/methods/result-tokens.js";
import { countTokens } from "../../compiler/tokens/tokenizer.js";

const root = join(import.meta.dirname, "..", "..");
const none = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
const expected = (text: string): number => encode(text, none).length;

const texts: readonly (readonly [name: string, text: string])[] = [
  ["nothing", ""],
  ["a word", "weather"],
  ["a schema", '{"type":"object","properties":{"city":{"type":"string","minLength":1}},"required":["city"]}'],
  ["names in several cases", "getWeather get_weather GetWeatherForCity HTTPServer x2y"],
  ["contractions", "It's what they'll say, DON'T they've"],
  ["numbers", "1234567890 3.14159 0x1F 1,000,000"],
  ["white space", "  a\n\n   b\t\tc \r\n  "],
  ["other languages", "Grüße aus Köln, 天気を調べます, погода, الطقس, नमस्ते"],
  ["emoji and joined emoji", "🙂 👩‍👩‍👧‍👦 🏳️‍🌈"],
  ["half of a surrogate pair", "a\ud800b"],
  ["the text of a special token", "<|endoftext|> <|im_start|>"],
  ["a long word", "rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz".repeat(4)],
  ["a long run of one character", "=".repeat(500) + "a".repeat(300)],
  ["README.md", readFileSync(join(root, "README.md"), "utf8")],
  ["package-lock.json", readFileSync(join(root, "package-lock.json"), "utf8").slice(0, 50_000)],
];

test.each(texts)("%s has as many tokens as gpt-tokenizer counts", (_, text) => {
  expect(countTokens(text)).toBe(expected(text));
});

test("any text has as many tokens as gpt-tokenizer counts", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."etaoin shrdlu_-'\"{}:,.0123456789ETAÄß天🙂\n") });
  const any = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), letters);
  fc.assert(
    fc.property(any, (text) => countTokens(text) === expected(text)),
    { numRuns: 1_000 },
  );
});

test.each(texts)("%s exceeds no limit that its tokens do not exceed", (_, text) => {
  expect(exceedsTokens(text, countTokens(text))).toBe(false);
});

test("no text exceeds a limit that its tokens do not exceed, and a long one exceeds half of its tokens", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."etaoin shrdlu_-'\"{}:,.0123456789ETAÄß天🙂\n\u0301") });
  const any = fc.oneof(fc.string({ unit: "binary" }), letters, fc.json());
  fc.assert(
    fc.property(any, (text) => !exceedsTokens(text, countTokens(text))),
    { numRuns: 1_000 },
  );
  const [, readme] = texts.find(([name]) => name === "README.md")!;
  expect(exceedsTokens(readme, countTokens(readme) / 2)).toBe(true);
});

test("a word of 400,000 letters is counted in time that grows with its length, not with its square", () => {
  const word = Array.from({ length: 400_000 }, (_, index) => "etaoinshrdlu"[(index * 7919) % 12]).join("");
  expect(countTokens(word)).toBeGreaterThan(40_000);
}, 60_000);
