import { splitText } from "../json-schema/placeholders.js";
import type { Elicitation, Prompt, Resource, ResourceTemplate, Server, Tool } from "../model/server.js";
import type { Json } from "../model/source.js";
import { indented, literal, spacedLiteral } from "./code.js";
import { isChunked, type ModuleForm } from "./module-form.js";
import { validatorImports } from "./validator-imports.js";

/** Prints `generated/surface.ts`: the server as data. */
export function surfaceModule(server: Server, form: ModuleForm = "source"): string {
  const validators = validatorImports(server, form);
  const members = [
    `server: ${spacedLiteral(server.info)},`,
    ...(server.instructions === undefined ? [] : [`instructions: ${literal(server.instructions)},`]),
    ...(
      ["pageSize", "timeoutMs", "maxSubscriptions", "maxTasks", "taskTtlMs", "maxKeptBytes", "maxResultBytes"] as const
    ).flatMap((key) => (server[key] === undefined ? [] : [`${key}: ${server[key]},`])),
    ...(server.listed === undefined ? [] : [`listed: ${spacedLiteral({ ...server.listed })},`]),
    list("tools", server.tools.map(toolEntry), form),
    list("resources", server.resources.map(resourceEntry), form),
    list("resourceTemplates", server.resourceTemplates.map(templateEntry), form),
    list("prompts", server.prompts.map(promptEntry), form),
    form === "source" ? `listings: () => import("./listings.js"),` : "listings: () => Promise.resolve(listings),",
    ...projectionMembers(server, form),
    ...validators.members,
  ];
  return [
    form !== "source" && `import * as listings from "./listings.js";\n`,
    form !== "source" && server.projections.length > 0 && `import { projections } from "./projections.js";\n`,
    ...validators.imports,
    `import type { Surface${validators.types.map((type) => `, ${type}`).join("")} } from "@mcpc/runtime/codegen/v1";\n\n`,
    ...validators.constants,
    `export const surface: Surface = {\n${indented(members.join("\n"))}\n};\n`,
  ]
    .filter((part) => part !== false)
    .join("");
}

/** Prints `generated/listings.ts`: the entries of the lists as JSON texts, ready to send. */
export function listingsModule(server: Server, form: ModuleForm = "source"): string {
  const kinds = ["tools", "resources", "resourceTemplates", "prompts"] as const;
  if (form !== "source")
    return kinds
      .map((kind) => {
        const entries = server[kind].map(({ listing }) => `${literal(JSON.stringify(listing))},`);
        return `export const ${kind} = [${lines(entries)}];\n`;
      })
      .join("");
  const exports = kinds.map((kind) => {
    const entries = server[kind].map(({ listing }) => `${literal(listing, 2)},`);
    return entries.length === 0
      ? `export const ${kind}: readonly string[] = [];\n`
      : `export const ${kind}: readonly string[] = texts([${lines(entries)}]);\n`;
  });
  const isEmpty = kinds.every((kind) => server[kind].length === 0);
  const texts = `/** The entries as JSON texts, ready to be sent. */\nfunction texts(entries: readonly object[]): string[] {\n  return entries.map((entry) => JSON.stringify(entry));\n}\n`;
  return `${exports.join("")}${isEmpty ? "" : `\n${texts}`}`;
}

function projectionMembers({ projections }: Server, form: ModuleForm): string[] {
  if (projections.length === 0) return [];
  const load =
    form === "source"
      ? `() => import("./projections.js").then(({ projections }) => projections)`
      : "() => Promise.resolve(projections)";
  return [`profiles: ${spacedLiteral(projections.map(({ profile }) => profile))},`, `projections: ${load},`];
}

/** Prints `generated/projections.ts`: for each profile, the tools that its clients see in another form. */
export function projectionsModule({ projections }: Server, form: ModuleForm = "source"): string {
  const profiles = projections.map(({ profile, tools }) => {
    const entries = tools.map(({ name, listing }) => {
      const text = form === "source" ? `JSON.stringify(${literal(listing, 2)})` : literal(JSON.stringify(listing));
      return `[${literal(name)}, ${text}],`;
    });
    return `${literal(profile)}: new Map([${lines(entries)}]),`;
  });
  return (
    `import type { Projections } from "@mcpc/runtime/codegen/v1";\n\n` +
    `/** The entries of tools in the form for clients of a profile, as JSON texts. Other tools have one form. */\n` +
    `export const projections: Projections = {${lines(profiles)}};\n`
  );
}

function lines(entries: readonly string[]): string {
  return entries.length === 0 ? "" : `\n${indented(entries.join("\n"))}\n`;
}

/** Members of an entry: JSON, or a map from texts to JSON. */
type Entry = Readonly<Record<string, Json | ReadonlyMap<string, Json> | undefined>>;
type Value = Json | ReadonlyMap<string, Json>;

function isMap(value: Value): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

function mapUnlessEmpty(entries: readonly (readonly [key: string, value: Json])[]): Map<string, Json> | undefined {
  return entries.length === 0 ? undefined : new Map(entries);
}

function toolEntry(tool: Tool): Entry {
  const { name, wraps, errors, headers, timeoutMs, text, maxResultTokens, readOnly, task, elicitations } = tool;
  return {
    name,
    scopes: unlessEmpty(tool.scopes),
    wraps: wraps === true ? true : undefined,
    errors: mapUnlessEmpty(errors.map(({ code, template }) => [code, template])),
    elicitations: questions(elicitations),
    headers: headers.length === 0 ? undefined : (headers as unknown as Json),
    timeoutMs,
    text: text && (typeof text === "string" ? text : { ...text }),
    maxResultTokens,
    readOnly: readOnly === true ? true : undefined,
    cache: reuse(tool),
    task: task?.support,
    defersTask: task?.deferred === true ? true : undefined,
  };
}

function unlessEmpty(values: readonly string[]): Json | undefined {
  return values.length === 0 ? undefined : values;
}

function reuse({ cache }: Tool | Resource | ResourceTemplate): Json | undefined {
  return cache && { ...cache };
}

function questions(elicitations: readonly Elicitation[]): Map<string, Json> | undefined {
  return mapUnlessEmpty(
    elicitations.map(({ name, template, answer, url }) => {
      const question = {
        message: template,
        ...(answer && { requestedSchema: answer.schema as Json }),
        ...(url !== undefined && { url }),
      };
      return [name, question];
    }),
  );
}

function resourceEntry(resource: Resource): Entry {
  const { uri, mimeType, source, subscribe, scopes } = resource;
  const contents = "handler" in source ? undefined : [{ uri, ...(mimeType !== undefined && { mimeType }), ...source }];
  return {
    uri,
    scopes: unlessEmpty(scopes),
    mimeType,
    contents: contents && JSON.stringify(contents),
    subscribe: subscribe ? true : undefined,
    cache: reuse(resource),
  };
}

function templateEntry(template: ResourceTemplate): Entry {
  const { uriTemplate, mimeType, variables, scopes, completions } = template;
  return {
    uriTemplate,
    scopes: unlessEmpty(scopes),
    mimeType,
    cache: reuse(template),
    variables,
    completed: unlessEmpty(completions.map(({ name }) => name)),
  };
}

function promptEntry(prompt: Prompt): Entry {
  const { name, description, arguments: declared, source, elicitations, completions, scopes } = prompt;
  const names = declared.map((argument) => argument.name as string);
  return {
    name,
    scopes: unlessEmpty(scopes),
    description,
    arguments: declared.map(({ name: argument, required, default: preset, enum: allowed }) => ({
      name: argument,
      required,
      ...(preset !== undefined && { default: preset }),
      ...(allowed !== undefined && { enum: allowed }),
      ...(completions.some((completion) => completion.name === argument) && { completed: true }),
    })),
    elicitations: questions(elicitations),
    messages: "messages" in source ? segments(source.messages, names) : undefined,
  };
}

/** Splits the messages' JSON at `{{argument}}`: texts and indexes of arguments alternate. */
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

function list(key: string, entries: readonly Entry[], form: ModuleForm): string {
  return `${key}: [${lines(isChunked(form) ? tables(entries) : entries.map(entryText))}],`;
}

function membersOf(entry: Entry): [key: string, value: Value][] {
  return Object.entries(entry).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

function entryText(entry: Entry): string {
  const members = membersOf(entry).map(([key, value]) => `${key}: ${valueText(value)},`);
  return `{\n${indented(members.join("\n"))}\n},`;
}

function valueText(value: Value): string {
  if (!isMap(value)) return spacedLiteral(value);
  return `new Map([${[...value].map(([key, each]) => `[${literal(key)}, ${spacedLiteral(each)}]`).join(", ")}])`;
}

/** Minimum number of entries with only a name that are printed as one text. */
const fewestNames = 10;

/** Prints entries as JSON texts where possible: JSON parses several times as fast as literals. */
function tables(entries: readonly Entry[]): string[] {
  const parts: string[] = [];
  for (let from = 0, to = 0; from < entries.length; from = to) {
    const kind = kindOf(entries[from]!);
    while (to < entries.length && kindOf(entries[to]!) === kind) to += 1;
    const run = entries.slice(from, to);
    if (kind === "map") parts.push(...run.map(entryText));
    else if (kind === "name" && run.length >= fewestNames)
      parts.push(`...${literal(run.map(({ name }) => String(name)).join(" "))}.split(" ").map((name) => ({ name })),`);
    else parts.push(`...JSON.parse(${literal(JSON.stringify(run))}),`);
  }
  return parts;
}

function kindOf(entry: Entry): "name" | "json" | "map" {
  const members = membersOf(entry);
  if (members.some(([, value]) => isMap(value))) return "map";
  return members.length === 1 && /^[^ ]+$/.test(String(entry["name"])) && entry["name"] !== undefined ? "name" : "json";
}
