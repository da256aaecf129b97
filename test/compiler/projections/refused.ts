import { applicators } from "../../../compiler/json-schema/walk.js";
import type { Json, JsonObject } from "../../../compiler/model/source.js";
import type { ProfileName } from "../../../compiler/projections/index.js";

/** What clients and providers refuse, by their documents and reports: written down apart from the code that projects. */
interface Facts {
  /** Keywords that are refused in every schema. */
  readonly keywords?: string;
  /** Keywords that are refused at the root. */
  readonly root?: string;
  /** Keywords that are known. Others are refused. */
  readonly known?: string;
  /** Other forms that are refused. */
  readonly forms?: readonly Form[];
}

type Form = (schema: JsonObject, holder: string | undefined) => string | false;

const has = (schema: JsonObject, keyword: string): boolean => Object.hasOwn(schema, keyword);
const typeList: Form = ({ type }) => Array.isArray(type) && "a list of types";
const bareList: Form = (schema) => schema["type"] === "array" && !has(schema, "items") && "a list without items";
const undeclared: Form = ({ required = [], properties = {} }) =>
  (required as string[]).some((name) => !has(properties as JsonObject, name)) && "a required property without a schema";
const withoutProperties: Form = (schema, holder) =>
  holder === undefined && schema["type"] === "object" && !has(schema, "properties") && "a root without properties";
const oneType: Form = ({ enum: values }) =>
  Array.isArray(values) && values.some((value) => typeof value !== "string") && "an enum of other than texts";
const lookaround: Form = ({ pattern }) => typeof pattern === "string" && /\(\?<?[=!]/.test(pattern) && "lookaround";
const manyItems: Form = ({ minItems }) => typeof minItems === "number" && minItems > 1 && "minItems above 1";
const typeBesideUnion: Form = (schema) => has(schema, "anyOf") && has(schema, "type") && "a type beside anyOf";
const untyped: Form = (schema, holder) =>
  holder === "properties" &&
  !["type", "anyOf", "oneOf", "allOf"].some((keyword) => has(schema, keyword)) &&
  "a property without a type";

const composition = "oneOf anyOf allOf not if then else";

export const facts: Readonly<Record<ProfileName, Facts>> = {
  portable: { keywords: "$ref $defs", root: composition, forms: [typeList, bareList, withoutProperties] },
  openai: { root: "oneOf anyOf allOf not enum const", forms: [lookaround, bareList, withoutProperties] },
  "openai-strict": {
    keywords:
      "$ref $anchor $dynamicRef allOf oneOf contains contentEncoding contentMediaType contentSchema dependentRequired " +
      "dependentSchemas dependencies if then else not minContains maxContains minProperties maxProperties " +
      "patternProperties prefixItems propertyNames unevaluatedItems unevaluatedProperties uniqueItems",
    root: composition,
    forms: [bareList, withoutProperties],
  },
  anthropic: { root: composition },
  "anthropic-strict": {
    keywords:
      "$ref oneOf minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern maxItems " +
      "uniqueItems minProperties maxProperties",
    root: composition,
    forms: [manyItems],
  },
  gemini: {
    known:
      "type format title description enum items minItems maxItems minimum maximum anyOf properties required " +
      "minLength maxLength pattern minProperties maxProperties x-mcp-header",
    root: composition,
    forms: [typeList, oneType, bareList, undeclared, withoutProperties],
  },
  vscode: { keywords: "$ref $defs", root: composition, forms: [bareList, undeclared] },
  cursor: { keywords: "$ref $defs", forms: [typeList] },
  "claude-code": { root: composition },
  moonshot: { keywords: "$ref $defs", root: composition, forms: [typeBesideUnion, undeclared, untyped] },
};

/** Profiles that take no `true` or `false` as the schema of a property. */
const objectsOnly: ReadonlySet<ProfileName> = new Set(["portable", "claude-code", "gemini", "moonshot"]);

/** Returns what a profile refuses in a schema. */
export function refusals(schema: Json, profile: ProfileName, holder?: string): string[] {
  if (typeof schema === "boolean")
    return holder === "properties" && objectsOnly.has(profile) ? ["a boolean as the schema of a property"] : [];
  const own = schema as JsonObject;
  const { keywords = "", root = "", known, forms = [] } = facts[profile];
  const refused = new Set([...keywords.split(" "), ...(holder === undefined ? root.split(" ") : [])]);
  const found = Object.keys(own).filter(
    (keyword) => refused.has(keyword) || (known !== undefined && !known.split(" ").includes(keyword)),
  );
  const below = Object.entries(own).flatMap(([keyword, value]) => {
    const how = applicators.get(keyword);
    if (how === undefined) return [];
    const schemas = how === "map" ? Object.values(value as JsonObject) : [value].flat();
    return (schemas as Json[]).flatMap((each) => refusals(each, profile, keyword));
  });
  return [...found, ...forms.map((form) => form(own, holder)).filter((each) => each !== false), ...below];
}
