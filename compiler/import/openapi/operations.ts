import { isObject } from "../../diff/schemas/classes.js";
import { NoSide } from "../../diff/surface.js";
import type { Json, JsonObject } from "../../model/source.js";
import { methods, rulesFor, type ImportRule } from "../rules.js";
import { itemsOf, membersOf, NotImportable, objectAt, textIn, type OpenApiDocument } from "./document.js";
import { toolName, uniqueName } from "./names.js";
import { requestParts } from "./parameters.js";
import { outputOf } from "./responses.js";
import { schemaTranslator } from "./schemas.js";
import { securityOf, serversOf, type ApiSettings } from "./security.js";

/** A tool for an operation, and the request that its handler makes. */
export interface ApiTool {
  readonly name: string;
  readonly tool: JsonObject;
  readonly call: JsonObject;
}

/** Everything that a document becomes. */
export interface Api {
  readonly tools: readonly ApiTool[];
  /** Tools that an earlier import may have written, by name, with what a rule does: "is excluded by rules[0]". */
  readonly departed: ReadonlyMap<string, string>;
  /** Settings of handlers, by name. */
  readonly settings: ReadonlyMap<string, JsonObject>;
  /** Sentences about what is not carried over. */
  readonly notes: readonly string[];
}

const maxOperations = 5000;
/** Longest description, in bytes, that clients show whole. */
const maxDescription = 2000;

export interface ApiOptions {
  readonly rules: readonly ImportRule[];
  /** The name of the server that the tools are for. */
  readonly server: string;
  /** The beginning of the names of settings; empty for the first API of a project. */
  readonly prefix: string;
}

/** Returns the tools of a document. An operation that cannot be carried is left out, with a note. */
export function toolsOf(document: OpenApiDocument, { rules, server, prefix }: ApiOptions): Api {
  const notes = new Set<string>();
  const settings: ApiSettings = new Map();
  const tools: ApiTool[] = [];
  const taken = new Set<string>();
  const departed = new Map<string, string>();
  const security = securityOf(document, settings, prefix);
  const servers = serversOf(document, settings, prefix, (sentence) => notes.add(sentence));
  const [matching, applied] = [new Set<ImportRule>(), new Set<ImportRule>()];
  let count = 0;
  for (const { method, path, pathItem, operation } of operationsOf(document, notes)) {
    const operationId = textIn(operation, "operationId");
    const tags = itemsOf(operation["tags"]).filter((tag): tag is string => typeof tag === "string");
    const key = `${method} ${path}`;
    const matched = rulesFor(rules, { method, path, tags, operationId });
    const [rule] = matched;
    for (const each of matched) matching.add(each);
    if (rule) applied.add(rule);
    const nameFor = (wanted: string): string => uniqueName(toolName(wanted, server), key, taken, server);
    const given = operationId ?? key.replaceAll(/[{}]/g, "");
    const name = nameFor(rule?.name ?? given);
    if (rule?.exclude) {
      // An earlier import, without the rule, gave it the name of the document.
      for (const each of new Set([name, nameFor(given)])) departed.set(each, `is excluded by ${rule.at}`);
      continue;
    }
    if (rule?.name !== undefined) {
      if (rule.name !== name)
        notes.add(`import.json: ${rule.at} names ${key} ${JSON.stringify(rule.name)}, which becomes ${name}`);
      if (nameFor(given) !== name) departed.set(nameFor(given), `is renamed to ${name} by ${rule.at}`);
    }
    if (++count > maxOperations)
      throw new NoSide(`the document has more than ${maxOperations} operations: exclude some by rules in import.json`);
    try {
      const problems: string[] = [];
      const report = (sentence: string): void => void problems.push(`${name} (${key}): ${sentence}`);
      const made = toolOf(document, { name, method, path, pathItem, operation, rule, report });
      const credentials = security.credentialsOf(operation, report);
      tools.push({
        name,
        tool: made.tool,
        call: {
          method,
          baseUrl: servers.settingFor(operation, pathItem),
          ...made.call,
          ...(credentials !== undefined && { security: credentials }),
        },
      });
      taken.add(name.toLowerCase());
      for (const problem of problems) notes.add(problem);
    } catch (error) {
      if (!(error instanceof NotImportable)) throw error;
      notes.add(`${name} (${key}) is left out: ${error.message}`);
    }
  }
  if (membersOf(document.root["paths"]).length === 0) notes.add('the document has no operations under "paths"');
  for (const rule of rules) {
    if (!matching.has(rule)) notes.add(`import.json: ${rule.at} matches no operation`);
    else if (!applied.has(rule)) notes.add(`import.json: ${rule.at} never applies: earlier rules match the same`);
  }
  return { tools, departed, settings, notes: [...notes] };
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly pathItem: JsonObject;
  readonly operation: JsonObject;
}

function* operationsOf(document: OpenApiDocument, notes: Set<string>): Generator<Operation> {
  const { root } = document;
  let callbacks = 0;
  for (const [path, value] of membersOf(root["paths"])) {
    if (!path.startsWith("/")) continue;
    let pathItem: JsonObject;
    try {
      pathItem = objectAt(document, value, "the path");
    } catch (error) {
      if (!(error instanceof NotImportable)) throw error;
      notes.add(`${path} is left out: ${error.message}`);
      continue;
    }
    for (const name of methods) {
      const operation = Object.hasOwn(pathItem, name) ? pathItem[name] : undefined;
      if (!isObject(operation)) continue;
      callbacks += membersOf(operation["callbacks"]).length;
      const method = name.toUpperCase();
      if (method === "TRACE") notes.add(`${method} ${path} is left out: fetch makes no such requests`);
      else yield { method, path, pathItem, operation };
    }
  }
  const webhooks = membersOf(root["webhooks"]).length;
  const left = [callbacks > 0 ? `${callbacks} callbacks` : "", webhooks > 0 ? `${webhooks} webhooks` : ""];
  const shown = left.filter((each) => each !== "").join(" and ");
  if (shown !== "") notes.add(`${shown} are left out: a tool calls an API, and is not called by it`);
}

interface ToolSource extends Operation {
  readonly name: string;
  readonly rule: ImportRule | undefined;
  readonly report: (sentence: string) => void;
}

function toolOf(
  document: OpenApiDocument,
  { name, method, path, pathItem, operation, rule, report }: ToolSource,
): { readonly tool: JsonObject; readonly call: JsonObject } {
  const inputs = schemaTranslator(document, "input", report);
  const { properties, required, parameters, body } = requestParts(document, path, pathItem, operation, inputs, report);
  if (body && (method === "GET" || method === "HEAD"))
    throw new NotImportable(`a ${method} request has a body, which fetch does not send`);
  const output = outputOf(document, operation, report);
  const title = textIn(operation, "summary");
  const definitions = inputs.definitions();
  const inputSchema: JsonObject = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...(definitions && { $defs: definitions }),
  };
  return {
    tool: {
      name,
      ...(title !== undefined && { title: oneLine(title).slice(0, 120) }),
      description: rule?.description ?? descriptionOf(operation, method, path),
      inputSchema,
      ...(output.schema && { outputSchema: output.schema }),
      annotations: annotationsOf(method, rule?.readOnlyHint),
    },
    call: {
      path,
      ...(parameters.length > 0 && { parameters }),
      ...(body && { body }),
      ...(output.accept !== undefined && { headers: { accept: output.accept } }),
      ...(output.schema && { structured: true }),
    },
  };
}

function descriptionOf(operation: JsonObject, method: string, path: string): string {
  const text = cleaned(textIn(operation, "description") ?? textIn(operation, "summary") ?? `${method} ${path}`);
  return bounded(operation["deprecated"] === true ? `Deprecated. ${text}` : text, maxDescription);
}

/** Returns a text without control characters, which some clients print. */
function cleaned(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, "")
    .trim();
}

function oneLine(text: string): string {
  return cleaned(text).replace(/\s+/g, " ");
}

/** Cuts a text at a space, so that it has at most `most` bytes. */
export function bounded(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let cut = Buffer.from(text)
    .subarray(0, most - 3)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  const space = cut.search(/\s\S*$/);
  if (space > most / 2) cut = cut.slice(0, space);
  return `${cut}…`;
}

function annotationsOf(method: string, readOnlyHint: boolean | undefined): JsonObject {
  if (readOnlyHint ?? ["GET", "HEAD", "OPTIONS"].includes(method)) return { readOnlyHint: true };
  const isRepeatable = method === "PUT" || method === "DELETE";
  return { readOnlyHint: false, ...(isRepeatable && { destructiveHint: true, idempotentHint: true }) };
}

/** Returns what a document says about itself, as a server's description. */
export function serverInfo(document: OpenApiDocument, name: string): JsonObject {
  const info: Json | undefined = document.root["info"];
  const about: JsonObject = isObject(info) ? info : {};
  const [title, description] = [textIn(about, "title"), textIn(about, "description")];
  const paragraph = description === undefined ? "" : oneLine(cleaned(description).split(/\n\s*\n/)[0]!);
  return {
    name,
    version: textIn(about, "version") ?? "0.0.0",
    ...(title !== undefined && { title: oneLine(title).slice(0, 120) }),
    ...(paragraph !== "" && { description: bounded(paragraph, 300) }),
  };
}
