import { expect, test } from "vitest";
import { compile } from "../../compiler/index.js";
import { memoryHost } from "./memory-host.js";

/** What is reported of a prompt with one message of this content. */
async function reported(content: unknown): Promise<string[]> {
  const prompt = {
    name: "p",
    arguments: [{ name: "a" }],
    messages: [
      { role: "user", content: { type: "text", text: "{{a}}" } },
      { role: "user", content },
    ],
  };
  const manifest = { server: { name: "x", version: "1.0.0" }, prompts: [prompt] };
  const { diagnostics } = await compile(memoryHost({ "x.mcp.json": JSON.stringify(manifest) }), { mode: "check" });
  return diagnostics
    .filter(({ code }) => !code.startsWith("output/"))
    .map(({ code, message }) => `${code}: ${message}`);
}

const annotations = { audience: ["user"], priority: 0.5, lastModified: "2025-01-12T15:00:58Z" };
const image = { type: "image", data: "AAAA", mimeType: "image/png" };
const link = { type: "resource_link", uri: "file:///a", name: "a" };
const embedded = { type: "resource", resource: { uri: "file:///a", text: "a" } };

test.each([
  { type: "text", text: "", annotations, _meta: { "a/b": 1 } },
  { ...image, annotations },
  { ...image, data: "{{a}}" },
  { type: "audio", data: "", mimeType: "audio/wav" },
  {
    ...link,
    title: "A",
    description: "a",
    mimeType: "text/plain",
    size: 0,
    icons: [{ src: "https://x/i" }],
    annotations,
  },
  { ...embedded, annotations, _meta: {} },
  { type: "resource", resource: { uri: "{{a}}", mimeType: "x/y", blob: "AA==", _meta: {} } },
])("%j is a content block", async (content) => {
  expect(await reported(content)).toEqual([]);
});

test.each<[unknown, ...string[]]>([
  ["hello", 'manifest/wrong-type: "content" must be an object, not a string'],
  [{ text: "hello" }, 'manifest/missing-property: "content" needs "type"'],
  [
    { type: "video", url: "x" },
    'manifest/invalid-value: "type" must be "text", "image", "audio", "resource" or "resource_link", not "video"',
  ],
  [{ type: "text" }, 'manifest/missing-property: "content" needs "text"'],
  [{ type: "text", text: 7 }, 'manifest/wrong-type: "text" must be a string, not a number'],
  [{ type: "text", text: "", txt: 1 }, 'manifest/unknown-property: "content" has no field "txt"'],
  [
    { type: "image", data: "AAAA", mimetype: "x" },
    'manifest/missing-property: "content" needs "mimeType"',
    'manifest/unknown-property: "content" has no field "mimetype"',
  ],
  [{ ...image, data: "no" }, 'prompt/invalid-data: "data" is not base64'],
  [{ ...image, mimeType: "" }, 'manifest/invalid-value: "mimeType" must not be empty'],
  [{ ...image, annotations: { priority: 2 } }, 'manifest/invalid-value: "priority" must be at most 1, not 2'],
  [
    { ...image, annotations: { audience: ["model"] } },
    'manifest/invalid-value: an entry of "audience" must be "user" or "assistant", not "model"',
  ],
  [
    { type: "resource", uri: "x" },
    'manifest/missing-property: "content" needs "resource"',
    'manifest/unknown-property: "content" has no field "uri"',
  ],
  [{ type: "resource", resource: { uri: "x:y" } }, 'manifest/missing-property: "resource" needs "text"'],
  [
    { type: "resource", resource: { uri: "x:y", text: "", blob: "" } },
    'manifest/invalid-value: "text" does not belong here',
  ],
  [{ type: "resource", resource: { uri: "x:y", blob: "?" } }, 'prompt/invalid-data: "blob" is not base64'],
  [{ type: "resource_link", uri: "x:y" }, 'manifest/missing-property: "content" needs "name"'],
  [{ ...link, size: -1 }, 'manifest/invalid-value: "size" must be at least 0, not -1'],
])("%j is none: %s", async (content, ...expected) => {
  expect((await reported(content)).sort()).toEqual(expected.sort());
});
