import { rephrase, type ErrorContext } from "./phrases.js";
import { nearest } from "../diagnostics/suggest.js";
import type { Schema, Server } from "../model/server.js";
import type { JsonObject, Span } from "../model/source.js";

/** The origin of a generated type in the manifests. */
interface Origin {
  /** `the arguments of the tool "get_weather"`. */
  readonly what: string;
  readonly span: Span;
  readonly properties: readonly string[];
}

/** A message of TypeScript in the manifests' terms. */
export interface Rephrased {
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** The remedy, if there is no suggestion. */
  readonly help?: string | undefined;
  readonly isReportedOnce?: true;
  /** The part of a manifest that the message is about. */
  readonly origin?: { readonly span: Span; readonly message: string };
}

/** Creates a function that rephrases errors about generated types. */
export function createRephraser(server: Server): (code: number, message: string, situated: ErrorContext) => Rephrased {
  const origins = originsOf(server);
  return (code, message, situated) => {
    const phrase = rephrase(message, situated);
    if (phrase) {
      const { type: named = "", ...words } = phrase;
      const origin = origins.get(named);
      return { ...words, message: `${words.message} (TS${code})`, ...(origin && { origin: located(origin) }) };
    }
    const [, property = "", type = ""] = /^Property '(.+?)' does not exist on type '(\w+)'/.exec(message) ?? [];
    const [, name] =
      /^(?:Module '"[^"]*\/types\.js"'|'"[^"]*\/types\.js"') has no exported member (?:named )?'(\w+)'/.exec(message) ??
      [];
    const owner = origins.get(type);
    if (owner) {
      const suggestion = nearest(property, owner.properties);
      return {
        message: `there is no ${JSON.stringify(property)} in ${owner.what} (TS${code})`,
        suggestion,
        origin: located(owner),
      };
    }
    if (name !== undefined) {
      const message = `no entry of the manifests makes a type ${JSON.stringify(name)} (TS${code})`;
      return { message, suggestion: nearest(name, origins.keys()) };
    }
    const spoken = [...message.matchAll(/'(\w+)'/g)].map(([, word = ""]) => origins.get(word)).find((origin) => origin);
    return { message: `${message} (TS${code})`, ...(spoken && { origin: located(spoken) }) };
  };
}

function located({ what, span }: Origin): { readonly span: Span; readonly message: string } {
  return { span, message: `${what}, declared here` };
}

function originsOf(server: Server): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  const add = (type: string, what: string, span: Span, properties: readonly string[] = []): void =>
    void origins.set(type, { what, span, properties });
  const schema = ({ type, span, schema }: Schema, what: string): void => {
    const properties = typeof schema === "object" ? Object.keys((schema["properties"] ?? {}) as JsonObject) : [];
    // Marks only the brace: a frame of a complete schema would be too long.
    add(type, what, { ...span, end: span.start + 1 }, properties);
  };
  for (const definition of server.definitions)
    schema(definition, `the shared schema ${JSON.stringify(definition.name)}`);
  for (const { name, handler, input, output, span } of server.tools) {
    const what = `the tool ${JSON.stringify(name)}`;
    add(handler.type, what, span);
    schema(input, `the arguments of ${what}`);
    if (output) schema(output, `the result of ${what}`);
  }
  for (const { uriTemplate, handler, params, span } of server.resourceTemplates) {
    const what = `the resource template ${JSON.stringify(uriTemplate)}`;
    add(handler.type, what, span);
    schema(params, `the variables of ${what}`);
  }
  for (const { uri, source, span } of server.resources)
    if ("handler" in source) add(source.handler.type, `the resource ${JSON.stringify(uri)}`, span);
  for (const { name, type, source, span, arguments: list } of server.prompts) {
    const what = `the prompt ${JSON.stringify(name)}`;
    if ("handler" in source) add(source.handler.type, what, span);
    add(
      type,
      `the arguments of ${what}`,
      span,
      list.map((argument) => argument.name),
    );
  }
  return origins;
}
