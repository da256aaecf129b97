import type { JsonObject } from "../../../compiler/model/source.js";
import type { Case } from "./case.js";
import { keywordCases } from "./keyword-cases.js";

const object = (members: JsonObject): JsonObject => ({ type: "object", ...members });

export const cases: readonly Case[] = [
  {
    what: "a schema that everybody takes",
    schema: object({ properties: { city: { type: "string", description: "A city." } }, required: ["city"] }),
    projections: {
      portable: "as it is",
      openai: "as it is",
      "openai-strict": "as it is",
      anthropic: "as it is",
      "anthropic-strict": "as it is",
      gemini: "as it is",
      vscode: "as it is",
      cursor: "as it is",
      "claude-code": "as it is",
      moonshot: "as it is",
    },
  },
  {
    what: "rules of a text",
    schema: object({ properties: { city: { type: "string", description: "A city.", minLength: 3, format: "email" } } }),
    projections: {
      openai: "as it is",
      gemini: {
        schema: object({
          properties: { city: { type: "string", description: "A city. Format email.", minLength: 3 } },
        }),
        losses: ["/inputSchema/properties/city: format email"],
      },
      "anthropic-strict": {
        schema: object({
          properties: { city: { type: "string", description: "A city. At least 3 characters.", format: "email" } },
        }),
        losses: ["/inputSchema/properties/city: at least 3 characters"],
      },
    },
  },
  {
    what: "a root union of closed objects",
    schema: {
      type: "object",
      oneOf: [
        {
          type: "object",
          properties: { by: { const: "id" }, id: { type: "number" } },
          required: ["by", "id"],
          additionalProperties: false,
        },
        {
          type: "object",
          properties: { by: { const: "name" }, name: { type: "string", description: "A full name." } },
          required: ["by", "name"],
          additionalProperties: false,
        },
      ],
    },
    projections: {
      anthropic: {
        schema: {
          type: "object",
          properties: {
            by: { enum: ["id", "name"] },
            id: { type: "number" },
            name: { type: "string", description: "A full name." },
          },
          required: ["by"],
          additionalProperties: false,
        },
        description: 'Searches. Exactly one of these forms: "by" is "id", with "id"; "by" is "name", with "name".',
        losses: ['/inputSchema: exactly one of these forms: "by" is "id", with "id"; "by" is "name", with "name"'],
      },
      gemini: {
        schema: {
          type: "object",
          properties: {
            by: { type: "string", enum: ["id", "name"] },
            id: { type: "number" },
            name: { type: "string", description: "A full name." },
          },
          required: ["by"],
        },
        description:
          'Searches. Exactly one of these forms: "by" is "id", with "id"; "by" is "name", with "name". No other properties.',
        losses: [
          '/inputSchema: exactly one of these forms: "by" is "id", with "id"; "by" is "name", with "name"',
          "/inputSchema: no other properties",
        ],
      },
    },
  },
  {
    what: "a root union of open objects",
    schema: {
      type: "object",
      anyOf: [
        { properties: { id: { type: "number" } }, required: ["id"] },
        { properties: { name: { type: "string" } }, required: ["name"] },
      ],
    },
    projections: {
      openai: {
        schema: {
          type: "object",
          properties: { id: { description: "Expected: number." }, name: { description: "Expected: string." } },
        },
        description: 'Searches. At least one of these forms: with "id"; with "name".',
        losses: ['/inputSchema: at least one of these forms: with "id"; with "name"'],
      },
    },
  },
  {
    what: "alternatives of required properties",
    schema: {
      type: "object",
      properties: { id: { type: "number" }, name: { type: "string" } },
      additionalProperties: false,
      oneOf: [{ required: ["id"] }, { required: ["name"] }],
    },
    projections: {
      "claude-code": {
        schema: {
          type: "object",
          properties: { id: { type: "number" }, name: { type: "string" } },
          additionalProperties: false,
        },
        description: 'Searches. Exactly one of these forms: with "id"; with "name".',
        losses: ['/inputSchema: exactly one of these forms: with "id"; with "name"'],
      },
      "openai-strict": {
        schema: {
          type: "object",
          properties: { id: { type: "number" }, name: { type: "string" } },
          additionalProperties: false,
        },
        description: 'Searches. Exactly one of these forms: with "id"; with "name".',
        losses: ['/inputSchema: exactly one of these forms: with "id"; with "name"'],
      },
    },
  },
  {
    what: "definitions",
    schema: {
      type: "object",
      properties: { from: { $ref: "#/$defs/Place", description: "Start." }, to: { $ref: "#/$defs/Place" } },
      $defs: { Place: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
    },
    projections: {
      cursor: {
        schema: {
          type: "object",
          properties: {
            from: {
              description: "Start.",
              type: "object",
              properties: { city: { type: "string" } },
              required: ["city"],
            },
            to: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
          },
        },
      },
      openai: "as it is",
    },
  },
  {
    what: "a recursive definition",
    schema: {
      type: "object",
      properties: { tree: { $ref: "#/$defs/Tree" } },
      $defs: {
        Tree: {
          type: "object",
          properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/Tree" } } },
        },
      },
    },
    projections: {
      gemini: {
        schema: {
          type: "object",
          properties: {
            tree: {
              type: "object",
              properties: {
                name: { type: "string" },
                children: { type: "array", items: { type: "object", description: 'Like "Tree".' } },
              },
            },
          },
        },
        losses: ['/inputSchema/properties/tree/properties/children/items: like "Tree"'],
      },
      anthropic: "as it is",
    },
  },
  {
    what: "nullable properties",
    schema: {
      type: "object",
      properties: {
        a: { type: ["string", "null"], minLength: 1, description: "A." },
        b: { anyOf: [{ type: "string" }, { type: "null" }] },
      },
    },
    projections: {
      cursor: {
        schema: {
          type: "object",
          properties: {
            a: { description: "A.", anyOf: [{ type: "string", minLength: 1 }, { type: "null" }] },
            b: { anyOf: [{ type: "string" }, { type: "null" }] },
          },
        },
      },
      "openai-strict": "as it is",
    },
  },
  {
    what: "a tuple",
    schema: {
      type: "object",
      properties: {
        at: { type: "array", prefixItems: [{ type: "number" }, { type: "string" }], items: false, minItems: 2 },
      },
    },
    projections: {
      "openai-strict": {
        schema: {
          type: "object",
          properties: {
            at: {
              type: "array",
              minItems: 2,
              items: { anyOf: [{ type: "number" }, { type: "string" }] },
              maxItems: 2,
              description: "The items are, in order: number; string.",
            },
          },
        },
        losses: ["/inputSchema/properties/at: the items are, in order: number; string"],
      },
      vscode: "as it is",
    },
  },
  {
    what: "an open tuple",
    schema: {
      type: "object",
      properties: { at: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }] } },
    },
    projections: {
      vscode: {
        schema: {
          type: "object",
          properties: {
            at: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], items: {} },
          },
        },
      },
      gemini: {
        schema: {
          type: "object",
          properties: { at: { type: "array", items: {}, description: "The items are, in order: number; number." } },
        },
        losses: ["/inputSchema/properties/at: the items are, in order: number; number"],
      },
    },
  },
  ...keywordCases,
];
