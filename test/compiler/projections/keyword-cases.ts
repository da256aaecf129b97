import type { JsonObject } from "../../../compiler/model/source.js";
import type { Case } from "./case.js";

const object = (members: JsonObject): JsonObject => ({ type: "object", ...members });

export const keywordCases: readonly Case[] = [
  {
    what: "values and bounds",
    schema: {
      type: "object",
      properties: {
        unit: { const: "m" },
        size: { enum: [1, 2] },
        count: { type: "integer", exclusiveMinimum: 0 },
        ratio: { type: "number", exclusiveMaximum: 1, multipleOf: 0.1 },
        limit: { type: "integer", default: 10 },
      },
    },
    projections: {
      gemini: {
        schema: {
          type: "object",
          properties: {
            unit: { type: "string", enum: ["m"] },
            size: { type: "number", description: "Must be one of 1, 2." },
            count: { type: "integer", minimum: 1 },
            ratio: { type: "number", maximum: 1, description: "Less than 1. A multiple of 0.1." },
            limit: { type: "integer", description: "Default 10." },
          },
        },
        losses: [
          "/inputSchema/properties/size: must be one of 1, 2",
          "/inputSchema/properties/ratio: less than 1",
          "/inputSchema/properties/ratio: a multiple of 0.1",
          "/inputSchema/properties/limit: default 10",
        ],
      },
    },
  },
  {
    what: "combined schemas",
    schema: {
      type: "object",
      properties: { user: { allOf: [{ $ref: "#/$defs/Named" }, { properties: { age: { type: "number" } } }] } },
      $defs: { Named: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } },
    },
    projections: {
      "openai-strict": {
        schema: {
          type: "object",
          properties: {
            user: {
              type: "object",
              properties: { name: { type: "string" }, age: { type: "number" } },
              required: ["name"],
            },
          },
        },
      },
    },
  },
  {
    what: "conditions",
    schema: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      if: { required: ["a"] },
      then: { required: ["b"] },
    },
    projections: {
      vscode: {
        schema: { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } },
        description: 'Searches. If it matches {"required":["a"]}, then {"required":["b"]}.',
        losses: ['/inputSchema: if it matches {"required":["a"]}, then {"required":["b"]}'],
      },
    },
  },
  {
    what: "names of properties",
    schema: {
      type: "object",
      properties: {
        labels: { type: "object", patternProperties: { "^x-": { type: "string" } }, additionalProperties: false },
      },
    },
    projections: {
      "openai-strict": {
        schema: {
          type: "object",
          properties: {
            labels: { type: "object", description: 'Properties that match "^x-": string. No other properties.' },
          },
        },
        losses: [
          '/inputSchema/properties/labels: properties that match "^x-": string',
          "/inputSchema/properties/labels: no other properties",
        ],
      },
      gemini: {
        schema: {
          type: "object",
          properties: {
            labels: { type: "object", description: 'Properties that match "^x-": string. No other properties.' },
          },
        },
        losses: [
          '/inputSchema/properties/labels: properties that match "^x-": string',
          "/inputSchema/properties/labels: no other properties",
        ],
      },
    },
  },
  {
    what: "any value",
    schema: { type: "object", properties: { value: true, list: { type: "array" } } },
    projections: {
      "claude-code": { schema: { type: "object", properties: { value: {}, list: { type: "array" } } } },
      vscode: { schema: { type: "object", properties: { value: true, list: { type: "array", items: {} } } } },
      moonshot: {
        schema: {
          type: "object",
          properties: {
            value: {
              anyOf: [
                { type: "string" },
                { type: "number" },
                { type: "boolean" },
                { type: "object" },
                { type: "array" },
                { type: "null" },
              ],
            },
            list: { type: "array" },
          },
        },
      },
    },
  },
  {
    what: "a tool without arguments",
    schema: { type: "object" },
    projections: {
      openai: { schema: { type: "object", properties: {} } },
      anthropic: "as it is",
    },
  },
  {
    what: "a pattern that looks ahead",
    schema: { type: "object", properties: { code: { type: "string", pattern: "^(?!x)" } } },
    projections: {
      openai: {
        schema: {
          type: "object",
          properties: { code: { type: "string", description: 'Matches the pattern "^(?!x)".' } },
        },
        losses: ['/inputSchema/properties/code: matches the pattern "^(?!x)"'],
      },
    },
  },
  {
    what: "a loosened branch of an exclusive choice",
    schema: { type: "object", properties: { a: { oneOf: [{ type: "string", minLength: 3 }, { type: "number" }] } } },
    projections: {
      "anthropic-strict": {
        schema: {
          type: "object",
          properties: {
            a: {
              anyOf: [{ type: "string", description: "At least 3 characters." }, { type: "number" }],
              description: "Exactly one of: string; number.",
            },
          },
        },
        losses: [
          "/inputSchema/properties/a: exactly one of: string; number",
          "/inputSchema/properties/a/anyOf/0: at least 3 characters",
        ],
      },
    },
  },
  {
    what: "a mirrored argument",
    schema: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region", "x-order": 1 } } },
    projections: {
      gemini: { schema: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } } },
    },
  },
  {
    what: "an exclusive choice below a changed definition",
    schema: object({
      properties: { a: { oneOf: [{ $ref: "#/$defs/Code" }, { type: "number" }] } },
      $defs: { Code: { type: "string", pattern: "(?=x)" } },
    }),
    projections: {
      openai: {
        schema: object({
          properties: {
            a: { anyOf: [{ $ref: "#/$defs/Code" }, { type: "number" }], description: "Exactly one of: Code; number." },
          },
          $defs: { Code: { type: "string", description: 'Matches the pattern "(?=x)".' } },
        }),
        losses: [
          "/inputSchema/properties/a: exactly one of: Code; number",
          '/inputSchema/$defs/Code: matches the pattern "(?=x)"',
        ],
      },
    },
  },
];
