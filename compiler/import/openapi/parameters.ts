import { isObject } from "../../diff/schemas/classes.js";
import type { Json, JsonObject } from "../../model/source.js";
import { itemsOf, membersOf, NotImportable, objectAt, textIn, type OpenApiDocument } from "./document.js";
import { argumentName } from "./names.js";
import { formWithFiles } from "./form-files.js";
import type { SchemaTranslator } from "./schemas.js";

/** The arguments of a tool, and the parts of the request that they become. */
export interface RequestParts {
  readonly properties: readonly (readonly [name: string, schema: Json])[];
  readonly required: readonly string[];
  readonly parameters: readonly JsonObject[];
  readonly body: JsonObject | undefined;
}

const places = ["path", "query", "header", "cookie"];
/** Headers that OpenAPI takes from elsewhere, so that parameters of their names do not count. */
const otherHeaders = new Set(["accept", "content-type", "authorization"]);
const standardStyle: Readonly<Record<string, string>> = {
  path: "simple",
  header: "simple",
  query: "form",
  cookie: "form",
};
const styles: Readonly<Record<string, readonly string[]>> = {
  path: ["simple", "label", "matrix"],
  header: ["simple"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  cookie: ["form"],
};

/**
 * Returns the parts of an operation's request. Each parameter is an argument of its name, the body is the argument
 * `body`. Where two have the same name, the later one gets the place in front: `header_id`.
 */
export function requestParts(
  document: OpenApiDocument,
  path: string,
  pathItem: JsonObject,
  operation: JsonObject,
  schemas: SchemaTranslator,
  report: (sentence: string) => void,
): RequestParts {
  const properties: [string, Json][] = [];
  const required: string[] = [];
  const parameters: JsonObject[] = [];
  const taken = new Set<string>();
  const claim = (name: string, place: string): string => {
    const plain = argumentName(name);
    let argument = taken.has(plain) ? `${place}_${plain}` : plain;
    for (let count = 2; taken.has(argument); count++) argument = `${place}_${plain}_${count}`;
    taken.add(argument);
    return argument;
  };
  for (const parameter of parametersOf(document, pathItem, operation)) {
    const [name, place] = [textIn(parameter, "name"), textIn(parameter, "in")];
    if (name === undefined || place === undefined || !places.includes(place))
      throw new NotImportable("a parameter has no name, or no known place");
    if (place === "header" && otherHeaders.has(name.toLowerCase())) continue;
    if (place === "path" && !path.includes(`{${name}}`)) {
      report(`its path has no place for the parameter ${JSON.stringify(name)}, which is left out`);
      continue;
    }
    const argument = claim(name, place);
    const { schema, isJson } = schemaOf(parameter);
    properties.push([argument, described(schemas, schema, textIn(parameter, "description"))]);
    if (parameter["required"] === true || place === "path") required.push(argument);
    parameters.push({
      in: place,
      name,
      ...(argument !== name && { argument }),
      ...styleOf(parameter, place, report),
      ...(isJson && { json: true }),
      ...(place === "query" && parameter["allowReserved"] === true && { allowReserved: true }),
    });
  }
  for (const [, name] of path.matchAll(/\{([^{}]*)\}/g))
    if (!parameters.some((parameter) => parameter["in"] === "path" && parameter["name"] === name))
      throw new NotImportable(`its path has ${JSON.stringify(`{${name}}`)}, which is no parameter`);
  const body = bodyOf(document, operation, report);
  if (!body) return { properties, required, parameters, body: undefined };
  const argument = claim("body", "request");
  properties.push([argument, described(schemas, body.schema, body.description)]);
  if (body.isRequired) required.push(argument);
  const { type, encoding, files } = body;
  const sent = { type, argument, ...encoding, ...(files.length > 0 && { files }) };
  return { properties, required, parameters, body: sent };
}

/** Returns the parameters of an operation, in which those of the path are replaced by its own. */
function parametersOf(document: OpenApiDocument, pathItem: JsonObject, operation: JsonObject): JsonObject[] {
  const byKey = new Map<string, JsonObject>();
  for (const each of [...itemsOf(pathItem["parameters"]), ...itemsOf(operation["parameters"])]) {
    const parameter = objectAt(document, each, "a parameter");
    byKey.set(`${String(parameter["in"])} ${String(parameter["name"])}`, parameter);
  }
  return [...byKey.values()];
}

function schemaOf(parameter: JsonObject): { readonly schema: Json | undefined; readonly isJson: boolean } {
  const [first] = membersOf(parameter["content"]);
  if (!first) return { schema: parameter["schema"], isJson: false };
  const [type, media] = first;
  return { schema: isObject(media) ? media["schema"] : undefined, isJson: isJsonType(type) };
}

function styleOf(parameter: JsonObject, place: string, report: (sentence: string) => void): JsonObject {
  const standard = standardStyle[place]!;
  let style = textIn(parameter, "style") ?? standard;
  if (!styles[place]!.includes(style)) {
    report(
      `parameters in a ${place} have no style ${JSON.stringify(style)}, so ${JSON.stringify(parameter["name"]!)} has ${standard}`,
    );
    style = standard;
  }
  const explode = typeof parameter["explode"] === "boolean" ? parameter["explode"] : style === "form";
  return {
    ...(style !== standard && { style }),
    ...(style !== "deepObject" && explode !== (style === "form") && { explode }),
  };
}

interface Body {
  readonly type: string;
  readonly schema: Json | undefined;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  readonly encoding: JsonObject;
  /** The properties of a form that are files. */
  readonly files: readonly string[];
}

/** Returns the body in the media type that can be sent: JSON, else a form, else text. */
function bodyOf(
  document: OpenApiDocument,
  operation: JsonObject,
  report: (sentence: string) => void,
): Body | undefined {
  if (operation["requestBody"] === undefined) return undefined;
  const request = objectAt(document, operation["requestBody"], "the request body");
  const content = membersOf(request["content"]);
  if (content.length === 0) return undefined;
  const rank = (type: string): number => {
    if (isJsonType(type)) return 0;
    if (type === "application/x-www-form-urlencoded") return 1;
    if (type === "multipart/form-data") return 2;
    return /^text\/|[/+](?:xml|yaml)$/.test(type) ? 3 : 4;
  };
  const known = content.map(([type, media]) => [type.split(";")[0]!.trim().toLowerCase(), media] as const);
  const [type, media] = known.reduce((best, next) => (rank(next[0]) < rank(best[0]) ? next : best));
  if (rank(type) === 4) {
    const problem = `its body is ${JSON.stringify(type)}, which no argument can hold`;
    if (request["required"] === true) throw new NotImportable(problem);
    report(problem);
    return undefined;
  }
  const given = isObject(media) ? media["schema"] : undefined;
  const { schema, files } =
    type === "multipart/form-data" ? formWithFiles(document, given) : { schema: given, files: [] };
  const encodings = membersOf(isObject(media) ? media["encoding"] : undefined).flatMap(
    ([name, each]): [string, Json][] => {
      if (!isObject(each)) return [];
      const [style, explode, contentType] = [textIn(each, "style"), each["explode"], textIn(each, "contentType")];
      const isKnown = style !== undefined && styles["query"]!.includes(style);
      return [
        [
          name,
          {
            ...(isKnown && { style }),
            ...(typeof explode === "boolean" && { explode }),
            ...(contentType !== undefined && { contentType }),
          },
        ],
      ];
    },
  );
  return {
    type: type.includes("*") ? (isText(document, schema) ? "application/octet-stream" : "application/json") : type,
    schema: rank(type) === 3 ? { type: "string" } : schema,
    description: textIn(request, "description"),
    isRequired: request["required"] === true,
    encoding: encodings.length > 0 && rank(type) > 0 ? { encoding: Object.fromEntries(encodings) } : {},
    files,
  };
}

function isText(document: OpenApiDocument, schema: Json | undefined): boolean {
  return isObject(schema) && objectAt(document, schema, "a schema")["type"] === "string";
}

/** Whether a media type is JSON, or any. */
export function isJsonType(type: string): boolean {
  return /^(?:[^;]*[/+]json|\*\/\*|application\/\*)\s*(?:;|$)/i.test(type.trim());
}

/** Translates a schema, with a description if it has none. */
function described(schemas: SchemaTranslator, schema: Json | undefined, description: string | undefined): Json {
  if (description === undefined || (isObject(schema) && typeof schema["description"] === "string"))
    return schemas.translate(schema);
  if (!isObject(schema) || "$ref" in schema) {
    const translated = schemas.translate(schema);
    return isObject(translated) ? { ...translated, description } : translated;
  }
  return schemas.translate({ ...schema, description });
}
