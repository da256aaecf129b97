// The tools that every server of a benchmark offers: a sum, and others of the same size beside it.

/** About 1,100 bytes of listing each, as in the servers people publish. */
export function tools(count) {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description: `Adds up two numbers as tool ${index} does it. The description is as long as descriptions are: it says what the tool is for, when to use it, what it answers, and what it does not do.`,
    inputSchema: {
      type: "object",
      properties: {
        a: { type: "number", description: "The first number." },
        b: { type: "number", description: "The second number." },
        label: { type: "string", minLength: 1, maxLength: 200, description: "What the sum is of; for the log alone." },
        rounding: { type: "string", enum: ["none", "up", "down", "nearest"], description: "How to round the sum." },
        tags: {
          type: "array",
          items: { type: "string" },
          maxItems: 20,
          description: "Words to find the sum by later.",
        },
        options: {
          type: "object",
          description: "How to show it.",
          properties: { digits: { type: "integer", minimum: 0, maximum: 20 }, grouped: { type: "boolean" } },
          required: ["digits"],
          additionalProperties: false,
        },
      },
      required: ["a", "b"],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  }));
}

/** Arguments that touch every rule of the schema. */
export const call = {
  a: 17,
  b: 25,
  label: "a sum",
  rounding: "nearest",
  tags: ["one", "two"],
  options: { digits: 2, grouped: true },
};
export const answer = "42";

export const add = ({ a, b }) => String(a + b);

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
};

/** The parameters of a request of an era. */
export const inEra = (era, params) => (era === "modern" ? { ...params, _meta: meta } : params);

export const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1.0.0" } },
};
export const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
