import type { Elicitation, Prompt, Server, Tool } from "../model/server.js";
import { docComment, indented, literal, propertyKey } from "./code.js";
import { hasApplication } from "./runtime.js";

/** Prints `generated/client.ts`: types of the surface, and a typed client for tests. No bundle contains this module. */
export function clientModule(server: Server): string {
  const { tools, prompts, resourceTemplates } = server;
  const typed = tools.length + prompts.length + resourceTemplates.length > 0;
  return [
    `import { createClient as connect } from "@mcpc/runtime/testing";\n`,
    `import type * as testing from "@mcpc/runtime/testing";\n`,
    `import { server } from "./server.js";\n`,
    typed && `import type * as types from "./types.js";\n`,
    hasApplication(server) && `import type * as application from "./application.js";\n`,
    `\n${surfaceInterface(server)}\n`,
    "export type Client = testing.Client<Surface>;\n",
    "export type Options = testing.ClientOptions<Surface>;\n\n",
    docComment([
      "A client for tests: of a server of its own, in memory; or one more client of `to`, which is another client or a running server.",
    ]),
    "export function createClient(options: Options = {}, to: testing.Target = server): Client {\n",
    "  return connect<Surface>(to, options);\n}\n",
  ]
    .filter((part) => part !== false)
    .join("");
}

function surfaceInterface(server: Server): string {
  const { tools, prompts, resources, resourceTemplates: templates } = server;
  const completions = {
    prompts: completed(
      prompts.map(({ name, arguments: declared, completions }) => [name, completable(declared, completions)]),
    ),
    templates: completed(
      templates.map(({ uriTemplate, completions }) => [uriTemplate, completions.map(({ name }) => name)]),
    ),
  };
  const lines = [
    object("tools", tools.map(toolMember)),
    object("prompts", prompts.map(promptMember)),
    `resources: ${union(resources.map(({ uri }) => uri))};`,
    object(
      "templates",
      templates.map(({ uriTemplate, params }) => `${propertyKey(uriTemplate)}: types.${params.type};`),
    ),
    object("completions", [object("prompts", completions.prompts), object("templates", completions.templates)]),
    object("questions", questions([...tools, ...prompts].flatMap(({ elicitations }) => elicitations))),
    `config: ${hasApplication(server) ? "application.Config" : "undefined"};`,
    `state: ${hasApplication(server) ? "application.State" : "undefined"};`,
  ];
  return `/** What the server offers, as types. */\nexport interface Surface {\n${indented(lines.join("\n"))}\n}\n`;
}

function toolMember({ name, title, description, input, filling, output }: Tool): string {
  const result = output ? `types.${output.type}` : "testing.Content";
  return `${docComment([description ?? title])}${propertyKey(name)}: testing.ToolCall<types.${(filling ?? input).type}, ${result}>;`;
}

function promptMember({ name, title, description, type, arguments: declared }: Prompt): string {
  const preset = declared.flatMap((argument) => (argument.default === undefined ? [] : [argument.name]));
  const parameters = `types.${type}${preset.length > 0 ? `, ${union(preset)}` : ""}`;
  return `${docComment([description ?? title])}${propertyKey(name)}: testing.PromptCall<${parameters}>;`;
}

/** Returns the arguments with completions; an argument with an `enum` is completed from its values. */
function completable(declared: Prompt["arguments"], completions: Prompt["completions"]): string[] {
  return declared
    .filter((argument) => argument.enum !== undefined || completions.some(({ name }) => name === argument.name))
    .map(({ name }) => name);
}

function completed(entries: readonly (readonly [owner: string, names: readonly string[]])[]): string[] {
  return entries.flatMap(([owner, names]) => (names.length > 0 ? [`${propertyKey(owner)}: ${union(names)};`] : []));
}

/** Prints the answers to questions; several entries may have questions of the same name. */
function questions(elicitations: readonly Elicitation[]): string[] {
  const answers = new Map<string, Set<string>>();
  for (const { name, answer } of elicitations) {
    const types = answers.get(name) ?? new Set();
    answers.set(name, types.add(answer ? `types.${answer.type}` : "Record<string, never>"));
  }
  return [...answers].map(([name, types]) => `${propertyKey(name)}: ${[...types].join(" | ")};`);
}

function object(name: string, members: readonly string[]): string {
  return members.length === 0 ? `${name}: {};` : `${name}: {\n${indented(members.join("\n"))}\n};`;
}

function union(names: readonly string[]): string {
  return names.length === 0 ? "never" : [...new Set(names)].map((name) => literal(name)).join(" | ");
}
