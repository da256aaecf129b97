import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { pointerTokens } from "../json-schema/pointer.js";
import { splitReference } from "../json-schema/reference.js";
import type { Cache } from "../model/cache.js";
import type { JsonSchema } from "../model/schema.js";
import type { Filling, Schema, Server } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { docComment } from "./code.js";
import { documentation } from "./documentation.js";
import { printDeclaration } from "./format.js";
import { schemasAt } from "./possible-types.js";
import { typeOfSchema, type References } from "./type-of-schema.js";

type Declared = Pick<Schema, "type" | "types" | "schema" | "plain" | "fingerprint">;

/**
 * Prints the declarations of all schema types of a server, by the name of the owning type. The type of a private
 * `$defs` entry follows the type that uses it.
 */
export function schemaTypes(server: Server, cache: Cache): Map<string, string> {
  const schemas: { readonly schema: Declared; readonly introduction: string | undefined }[] = [
    ...server.definitions.map((schema) => ({ schema, introduction: undefined })),
    ...server.tools.flatMap(({ name, input, filling, output, wraps }) => [
      ...argumentsOf(name, input, filling),
      ...(output ? [{ schema: output, introduction: resultOf(name, wraps) }] : []),
    ]),
    ...[...server.tools, ...server.prompts].flatMap(({ name: owner, elicitations }) =>
      elicitations.flatMap(({ name, answer }) =>
        answer
          ? [
              {
                schema: answer,
                introduction: `Answer to the question ${JSON.stringify(name)} of ${JSON.stringify(owner)}.`,
              },
            ]
          : [],
      ),
    ),
    ...server.resourceTemplates.map(({ uriTemplate, params }) => ({
      schema: params,
      introduction: `Variables of the resource template ${JSON.stringify(uriTemplate)}.`,
    })),
  ];
  return new Map(
    schemas.map(({ schema, introduction = "" }) => {
      const inputs = [schema.type, schema.fingerprint, introduction, JSON.stringify(schema.types)];
      return [schema.type, cache.memo("declaration", inputs, () => declaration(schema, introduction))];
    }),
  );
}

/** Prints the declaration of one type, and of the private types that it uses. */
export function declaration(schema: Declared, introduction: string): string {
  const whole = withoutForeignKeywords(schema.plain ?? schema.schema) as JsonSchema;
  const targetOf = (reference: string): Json | undefined =>
    at(whole, pointerTokens(splitReference(reference).fragment));
  const { shared, own } = schema.types;
  const privates = new Map<string, JsonSchema>();
  const typeOf: References["typeOf"] = (reference) => {
    const { fragment } = splitReference(reference);
    if (fragment === "") return schema.type;
    if (Object.hasOwn(shared, fragment)) return shared[fragment];
    const target = targetOf(reference);
    if (target === undefined) return undefined;
    privates.set(fragment, target as JsonSchema);
    return own[fragment];
  };
  const references = { typeOf, ...schemasAt(targetOf) };
  const parts = [print(schema.type, whole, introduction, references)];
  // The loop extends the map that it iterates: a private type may refer to others.
  for (const [fragment, target] of privates) parts.push(print(own[fragment]!, target, undefined, references));
  return parts.join("\n");
}

function argumentsOf(
  tool: string,
  input: Schema,
  filling: Filling | undefined,
): { readonly schema: Declared; readonly introduction: string }[] {
  const introduction = `Arguments of the tool ${JSON.stringify(tool)}`;
  if (!filling) return [{ schema: input, introduction: `${introduction}.` }];
  const { filled, type, types } = filling;
  const full = { ...input, schema: filled, plain: filled, fingerprint: `${input.fingerprint} filled` };
  return [
    { schema: full, introduction: `${introduction}, with defaults filled in.` },
    { schema: { ...input, type, types }, introduction: `${introduction}, as clients give them.` },
  ];
}

function resultOf(tool: string, wraps = false): string {
  const older = wraps ? '\n\nClients of revisions before 2026-07-28 get it as `{ "result": … }`.' : "";
  return `Result of the tool ${JSON.stringify(tool)}.${older}`;
}

function print(name: string, schema: JsonSchema, introduction: string | undefined, references: References): string {
  return docComment([introduction, documentation(schema)]) + printDeclaration(name, typeOfSchema(schema, references));
}

function at(schema: Json, tokens: readonly string[]): Json | undefined {
  let node: Json | undefined = schema;
  for (const token of tokens) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, token)) return undefined;
    node = (node as JsonObject)[token];
  }
  return node;
}
