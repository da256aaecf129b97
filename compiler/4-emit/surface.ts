import type { HeaderParameter, Prompt, Resource, ResourceTemplate, Server, Tool } from "../model/server.js";
import type { Json } from "../model/source.js";
import { literal } from "./code.js";

/** `generated/surface.ts`: the server as data. Listings are JSON text, ready to be sent. */
export function surfaceModule(server: Server): string {
  const members = [
    `server: ${literal(server.info)},`,
    ...(server.instructions === undefined ? [] : [`instructions: ${literal(server.instructions)},`]),
    list("tools", server.tools.map(toolEntry)),
    list("resources", server.resources.map(resourceEntry)),
    list("resourceTemplates", server.resourceTemplates.map(templateEntry)),
    list("prompts", server.prompts.map(promptEntry)),
  ];
  return `import type { Surface } from "@mcpc/runtime/codegen/v1";\n\nexport const surface: Surface = {\n${indent(members.join("\n"))}\n};\n`;
}

function toolEntry(tool: Tool): string {
  const { name, listing, errors, headers, timeoutMs } = tool;
  return entry({
    name: literal(name),
    listing: text(listing),
    validators: importer(tool.handler.type),
    errors:
      errors.length > 0 &&
      `new Map([${errors.map(({ code, message }) => `[${literal(code)}, ${literal(message)}]`).join(", ")}])`,
    headers: headers.length > 0 && literal(headers as readonly HeaderParameter[] as unknown as Json),
    timeoutMs: timeoutMs !== undefined && String(timeoutMs),
  });
}

function resourceEntry({ uri, listing, mimeType, source }: Resource): string {
  const contents = "handler" in source ? undefined : [{ uri, ...(mimeType !== undefined && { mimeType }), ...source }];
  return entry({
    uri: literal(uri),
    listing: text(listing),
    mimeType: mimeType !== undefined && literal(mimeType),
    contents: contents !== undefined && text(contents),
  });
}

function templateEntry(template: ResourceTemplate): string {
  const { uriTemplate, listing, mimeType, pattern, variables } = template;
  return entry({
    uriTemplate: literal(uriTemplate),
    listing: text(listing),
    mimeType: mimeType !== undefined && literal(mimeType),
    pattern: literal(pattern),
    variables: literal(variables),
    validators: importer(template.handler.type),
  });
}

function promptEntry({ name, listing, description, arguments: declared, source }: Prompt): string {
  const names = declared.map((argument) => argument.name as string);
  return entry({
    name: literal(name),
    listing: text(listing),
    description: description !== undefined && literal(description),
    arguments: literal(
      declared.map(({ name: argument, required, default: preset, enum: allowed }) => ({
        name: argument,
        required,
        ...(preset !== undefined && { default: preset }),
        ...(allowed !== undefined && { enum: allowed }),
      })),
    ),
    messages: "messages" in source && literal(segments(source.messages, names)),
  });
}

/** The messages as JSON text, cut at `{{argument}}`: texts and indexes of arguments in turn. */
export function segments(messages: readonly Json[], names: readonly string[]): (string | number)[] {
  const parts: (string | number)[] = [];
  let from = 0;
  const json = JSON.stringify(messages);
  for (const match of json.matchAll(/\{\{\s*((?:[^{}"\\]|\\.)+?)\s*\}\}/g)) {
    const index = names.indexOf(JSON.parse(`"${match[1]}"`) as string);
    if (index === -1) continue;
    parts.push(json.slice(from, match.index), index);
    from = match.index + match[0].length;
  }
  parts.push(json.slice(from));
  return parts;
}

/** Validators are named after the type of their handler, which is unique. */
function importer(file: string): string {
  return `() => import(${literal(`./validators/${file}.js`)})`;
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
  return entries.length === 0 ? `${key}: [],` : `${key}: [\n${indent(entries.join("\n"))}\n],`;
}

function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}
