import { splitText } from "../json-schema/placeholders.js";
import { anew, type Again } from "../model/again.js";
import type {
  Elicitation,
  HeaderParameter,
  Prompt,
  Resource,
  ResourceTemplate,
  Server,
  Tool,
} from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { literal } from "./code.js";

/** `generated/surface.ts`: the server as data. */
export function surfaceModule(server: Server): string {
  const members = [
    `server: ${literal(server.info)},`,
    ...(server.instructions === undefined ? [] : [`instructions: ${literal(server.instructions)},`]),
    ...(
      ["pageSize", "timeoutMs", "maxSubscriptions", "maxTasks", "taskTtlMs", "maxKeptBytes", "maxResultBytes"] as const
    ).flatMap((key) => (server[key] === undefined ? [] : [`${key}: ${server[key]},`])),
    ...(server.listed === undefined ? [] : [`listed: ${literal({ ...server.listed })},`]),
    list("tools", server.tools.map(toolEntry)),
    list("resources", server.resources.map(resourceEntry)),
    list("resourceTemplates", server.resourceTemplates.map(templateEntry)),
    list("prompts", server.prompts.map(promptEntry)),
    `listings: () => import("./listings.js"),`,
    ...["tool", "template", "prompt"].map(
      (kind) =>
        `${kind}Validators: (key) => import("./validators.js").then(({ ${kind}Validators }) => ${kind}Validators(key)),`,
    ),
  ];
  return `import type { Surface } from "@mcpc/runtime/codegen/v1";\n\nexport const surface: Surface = {\n${indent(members.join("\n"))}\n};\n`;
}

/** `generated/listings.ts`: what the lists answer, an entry each as JSON text, ready to be sent. */
export function listingsModule(server: Server, again: Again = anew): string {
  const kinds = ["tools", "resources", "resourceTemplates", "prompts"] as const;
  const json = (listing: JsonObject): string => again("listings as JSON", listing, () => JSON.stringify(listing));
  const line = (listing: JsonObject): string => again("listing texts", listing, () => `${literal(json(listing))},`);
  return kinds
    .map((kind) => {
      const entries = server[kind].map(({ listing }) => line(listing));
      return `export const ${kind}: readonly string[] = [${lines(entries)}];\n`;
    })
    .join("");
}

/** Prints a tool for `generated/surface.ts`. */
export function surfacePiece(tool: Tool): string {
  return indent(indent(toolEntry(tool)));
}

/** Prints a tool for `generated/listings.ts`. */
export function listingPiece({ listing }: Tool): string {
  return indent(`${text(listing)},`);
}

function lines(entries: readonly string[]): string {
  return entries.length === 0 ? "" : `\n${indent(entries.join("\n"))}\n`;
}

function toolEntry(tool: Tool): string {
  const { name, wraps, errors, headers, timeoutMs, readOnly } = tool;
  return entry({
    name: literal(name),
    scopes: scopes(tool),
    wraps: wraps === true && "true",
    errors:
      errors.length > 0 &&
      `new Map([${errors.map(({ code, template }) => `[${literal(code)}, ${literal(template)}]`).join(", ")}])`,
    elicitations: questions(tool.elicitations),
    headers: headers.length > 0 && literal(headers as readonly HeaderParameter[] as unknown as Json),
    timeoutMs: timeoutMs !== undefined && String(timeoutMs),
    readOnly: readOnly === true && "true",
    cache: reuse(tool),
    task: tool.task !== undefined && literal(tool.task.support),
    defersTask: tool.task?.deferred === true && "true",
  });
}

function scopes({ scopes: needed }: { readonly scopes: readonly string[] }): string | false {
  return needed.length > 0 && literal(needed);
}

function reuse({ cache }: Tool | Resource | ResourceTemplate): string | false {
  return cache !== undefined && literal({ ...cache });
}

function questions(elicitations: readonly Elicitation[]): string | false {
  const entries = elicitations.map(({ name, template, answer, url }): Json => {
    const question = {
      message: template,
      ...(answer && { requestedSchema: answer.schema as Json }),
      ...(url !== undefined && { url }),
    };
    return [name, question];
  });
  return entries.length > 0 && `new Map([${entries.map(literal).join(", ")}])`;
}

function resourceEntry(resource: Resource): string {
  const { uri, mimeType, source, subscribe } = resource;
  const contents = "handler" in source ? undefined : [{ uri, ...(mimeType !== undefined && { mimeType }), ...source }];
  return entry({
    uri: literal(uri),
    scopes: scopes(resource),
    mimeType: mimeType !== undefined && literal(mimeType),
    contents: contents !== undefined && text(contents),
    subscribe: subscribe && "true",
    cache: reuse(resource),
  });
}

function templateEntry(template: ResourceTemplate): string {
  const { uriTemplate, mimeType, variables } = template;
  return entry({
    uriTemplate: literal(uriTemplate),
    scopes: scopes(template),
    mimeType: mimeType !== undefined && literal(mimeType),
    cache: reuse(template),
    variables: literal(variables),
    completed: template.completions.length > 0 && literal(template.completions.map(({ name }) => name)),
  });
}

function promptEntry(prompt: Prompt): string {
  const { name, description, arguments: declared, source, elicitations, completions } = prompt;
  const names = declared.map((argument) => argument.name as string);
  return entry({
    name: literal(name),
    scopes: scopes(prompt),
    description: description !== undefined && literal(description),
    arguments: literal(
      declared.map(({ name: argument, required, default: preset, enum: allowed }) => ({
        name: argument,
        required,
        ...(preset !== undefined && { default: preset }),
        ...(allowed !== undefined && { enum: allowed }),
        ...(completions.some((completion) => completion.name === argument) && { completed: true }),
      })),
    ),
    elicitations: questions(elicitations),
    messages: "messages" in source && literal(segments(source.messages, names)),
  });
}

/** The messages as JSON text, cut at `{{argument}}` in their texts: texts and indexes of arguments in turn. */
export function segments(messages: readonly Json[], names: readonly string[]): (string | number)[] {
  const parts: (string | number)[] = [""];
  const add = (json: string): void => void (parts[parts.length - 1] += json);
  const visitText = (text: string): void => {
    add('"');
    for (const part of splitText(text)) {
      if (typeof part === "string") add(JSON.stringify(part).slice(1, -1));
      else parts.push(names.indexOf(part.name), "");
    }
    add('"');
  };
  const visit = (value: Json): void => {
    if (typeof value === "string") return visitText(value);
    if (typeof value !== "object" || value === null) return add(JSON.stringify(value));
    const isList = Array.isArray(value);
    add(isList ? "[" : "{");
    Object.entries(value).forEach(([key, item], index) => {
      add(`${index > 0 ? "," : ""}${isList ? "" : `${JSON.stringify(key)}:`}`);
      visit(item as Json);
    });
    add(isList ? "]" : "}");
  };
  visit(messages);
  return parts;
}

/** `generated/validators.ts`: imports the validators of one entry, by its name on the wire. */
export function validatorsModule(server: Server): string {
  const prompts = server.prompts.flatMap(({ name, source, elicitations }) =>
    "handler" in source && elicitations.length > 0 ? [[name, source.handler.type] as const] : [],
  );
  const types = `import type { PromptValidators, TemplateValidators, ToolValidators } from "@mcpc/runtime/codegen/v1";\n`;
  return [
    types,
    imports(
      "tool",
      server.tools.map(({ name, handler }) => [name, handler.type]),
    ),
    imports(
      "template",
      server.resourceTemplates.map(({ uriTemplate, handler }) => [uriTemplate, handler.type]),
    ),
    imports("prompt", prompts),
  ].join("\n");
}

/** A module of validators is named after the type of its handler, which is unique. */
function imports(kind: string, entries: readonly (readonly [key: string, type: string])[]): string {
  const result = `${kind[0]!.toUpperCase()}${kind.slice(1)}Validators`;
  const cases = entries.map(
    ([key, type]) => `    case ${literal(key)}:\n      return import(${literal(`./validators/${type}.js`)});\n`,
  );
  const body = `  switch (key) {\n${cases.join("")}    default:\n      throw new RangeError(key);\n  }\n`;
  return `export async function ${kind}Validators(key: string): Promise<${result}> {\n${body}}\n`;
}

/** JSON as a string literal that holds its text. */
function text(value: Json): string {
  return literal(JSON.stringify(value));
}

function entry(fields: Readonly<Record<string, string | false>>): string {
  const lines = Object.entries(fields).flatMap(([key, value]) => (value === false ? [] : [`${key}: ${value},`]));
  return `{\n${indent(lines.join("\n"))}\n},`;
}

function list(key: string, entries: readonly string[]): string {
  return `${key}: [${lines(entries)}],`;
}

function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}
