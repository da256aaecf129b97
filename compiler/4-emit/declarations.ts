import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { pointerTokens } from "../json-schema/pointer.js";
import { splitReference } from "../json-schema/reference.js";
import type { Again, Lasting } from "../model/again.js";
import type { JsonSchema } from "../model/schema.js";
import type { Filling, Schema, Server } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { docComment } from "./code.js";
import { documentation } from "./documentation.js";
import { printDeclaration } from "./format.js";
import { handlersOf } from "./server.js";
import { schemasAt } from "./possible-types.js";
import { typeOfSchema, type References } from "./type-of-schema.js";

/**
 * Declarations of all schema types of a server, by the name of the type they belong to. A type made of a private
 * `$defs` entry follows the type that uses it.
 */
export function schemaTypes(server: Server, again: Again, lasting: Lasting): Map<string, Declaration> {
  const schemas: { readonly schema: Schema; readonly introduction: string | undefined }[] = [
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
  const taken = new Set([
    ...schemas.map(({ schema }) => schema.type as string),
    ...handlersOf(server).map(({ type }) => type),
    ...server.prompts.map(({ type }) => type),
  ]);
  const declared = new Map<string, Declaration>();
  for (const { schema, introduction } of schemas) {
    const { type, plain, schema: key, definitions } = schema;
    const make = (): Declared => {
      const all = JSON.stringify([type, introduction ?? null, definitions, plain ?? key]);
      const left = lasting("declarations", all, () => declare(schema, introduction, taken));
      const { text, names } = stillFree(left.names, taken) ? left : declare(schema, introduction, taken);
      return { text, names, type, definitions, introduction };
    };
    const known = typeof key === "object" ? again("declarations", key, make) : make();
    const same = known.type === type && known.definitions === definitions && known.introduction === introduction;
    // Which names of private types are free depends on what else there is.
    const { text, names } = same && stillFree(known.names, taken) ? known : make();
    for (const { name } of names) taken.add(name);
    declared.set(type, { text, names });
  }
  return declared;
}

/** The declaration of one type that stands in a module of its own. */
export function declaration(schema: Schema, introduction: string): string {
  return declare(schema, introduction, new Set([schema.type])).text;
}

export interface Declaration {
  readonly text: string;
  readonly names: readonly PrivateName[];
}
/** Made of these, and a schema. */
interface Declared extends Declaration {
  readonly type: string;
  readonly definitions: Schema["definitions"];
  readonly introduction: string | undefined;
}
/** The name of a private type, and what it would best be. */
interface PrivateName {
  readonly best: string;
  readonly name: string;
}

function declare(schema: Schema, introduction: string | undefined, taken: ReadonlySet<string>): Declaration {
  const whole = withoutForeignKeywords(schema.plain ?? schema.schema) as JsonSchema;
  const names: PrivateName[] = [];
  const own = new Set<string>();
  const privateTypes = new Map<string, { readonly name: string; readonly schema: Json }>();
  const typeOf: References["typeOf"] = (reference) => {
    const { fragment } = splitReference(reference);
    const tokens = pointerTokens(fragment);
    if (fragment === "") return schema.type;
    const shared = tokens[0] === "$defs" && tokens.length === 2 ? tokens[1]! : undefined;
    if (shared !== undefined && Object.hasOwn(schema.definitions, shared)) return schema.definitions[shared];
    const known = privateTypes.get(fragment);
    if (known) return known.name;
    const target = at(whole, tokens);
    if (target === undefined) return undefined;
    const best = schema.type + pascal(tokens.at(-1) ?? "");
    const name = free(best, taken, own);
    own.add(name);
    names.push({ best, name });
    privateTypes.set(fragment, { name, schema: target });
    return name;
  };
  const schemas = schemasAt((reference) => at(whole, pointerTokens(splitReference(reference).fragment)));
  const references = { typeOf, ...schemas };
  const parts = [print(schema.type, whole, introduction, references)];
  // The list grows while it is printed: a private type may refer to others.
  for (const { name, schema: target } of privateTypes.values())
    parts.push(print(name, target as JsonSchema, undefined, references));
  return { text: parts.join("\n"), names };
}

function argumentsOf(
  tool: string,
  input: Schema,
  filling: Filling | undefined,
): { readonly schema: Schema; readonly introduction: string }[] {
  const introduction = `Arguments of the tool ${JSON.stringify(tool)}`;
  if (!filling) return [{ schema: input, introduction: `${introduction}.` }];
  const { filled, type } = filling;
  return [
    { schema: { ...input, schema: filled, plain: filled }, introduction: `${introduction}, with defaults filled in.` },
    { schema: { ...input, type }, introduction: `${introduction}, as clients give them.` },
  ];
}

function resultOf(tool: string, wraps = false): string {
  const older = wraps ? '\n\nClients of revisions before 2026-07-28 get it as `{ "result": … }`.' : "";
  return `Result of the tool ${JSON.stringify(tool)}.${older}`;
}

/** Whether names that were found free before would be found again. */
function stillFree(names: readonly PrivateName[], taken: ReadonlySet<string>): boolean {
  const own = new Set<string>();
  return names.every(({ best, name }) => free(best, taken, own) === name && own.add(name));
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

function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + word.slice(1, 40))
    .join("");
}

function free(base: string, taken: ReadonlySet<string>, own: ReadonlySet<string>): string {
  let name = base;
  for (let number = 2; taken.has(name) || own.has(name); number++) name = `${base}${number}`;
  return name;
}
