/** What the server of the contract shows of itself to a client of each revision. */

const since = (version: string, revision: string, members: object): object => (version >= revision ? members : {});

export const identity = (version: string): object => ({
  name: "contract",
  version: "1.0.0",
  ...since(version, "2025-06-18", { title: "Contract" }),
  ...since(version, "2025-11-25", { description: "Keeps its word.", websiteUrl: "https://example.com" }),
});

/** The first tool, as it is listed. */
export const toolEntry = (version: string): object => ({
  name: "echo",
  description: "Says it back.",
  inputSchema: {
    type: "object",
    properties: { text: { type: "string", minLength: 1 }, times: { type: "integer", minimum: 1, maximum: 3 } },
    required: ["text"],
    additionalProperties: false,
  },
  ...since(version, "2025-03-26", { annotations: { readOnlyHint: true } }),
  ...since(version, "2025-06-18", { title: "Echo", _meta: { "example.com/note": "passed on" } }),
  ...since(version, "2025-11-25", { icons: [{ src: "https://example.com/echo.png" }] }),
});

const audio = (version: string): object =>
  version >= "2025-03-26"
    ? { type: "audio", data: "AAAA", mimeType: "audio/wav" }
    : { type: "resource", resource: { uri: "audio:attachment", mimeType: "audio/wav", blob: "AAAA" } };
const link = (version: string): object =>
  version >= "2025-06-18"
    ? { type: "resource_link", uri: "contract://static", name: "static", title: "Static" }
    : { type: "text", text: "Static\ncontract://static" };

/** One content block of each type. */
export const contents = (version: string): object[] => [
  { type: "text", text: "a" },
  { type: "image", data: "AAAA", mimeType: "image/png" },
  audio(version),
  link(version),
  { type: "resource", resource: { uri: "contract://static", mimeType: "text/plain", text: "Never changes." } },
];

export const promptContents = (version: string): object[] => [
  { role: "user", content: audio(version) },
  { role: "assistant", content: link(version) },
];
