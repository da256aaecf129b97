import type { Elicitation, Prompt, Server, Tool } from "../model/server.js";
import { docComment, literal } from "./code.js";
import { hasApplication } from "./runtime.js";

/** `generated/types.ts`: every schema type, and the type of every handler, in the order of the manifests. */
export function typesModule(server: Server, declarations: ReadonlyMap<string, string>): string {
  const declared = (type: string): string => declarations.get(type) ?? "";
  const used = new Set<string>();
  const use = (name: string): string => {
    used.add(name);
    return name;
  };
  const application = hasApplication(server);
  const parts = [
    ...server.definitions.map(({ type }) => declared(type)),
    ...(hasCompletions(server) ? [completionHandler(application)] : []),
    ...server.tools.flatMap((tool) => [
      declared(tool.input.type),
      ...(tool.output ? [declared(tool.output.type)] : []),
      ...answers(tool.elicitations, declared),
      `${docComment([tool.description ?? tool.title])}export type ${tool.handler.type} = ${use("ToolHandler")}<${toolParameters(tool, application, use)}>;\n`,
    ]),
    ...server.resources.flatMap(({ description, source }) =>
      "handler" in source
        ? [
            `${docComment([description])}export type ${source.handler.type} = ${use("ResourceHandler")}${application ? "<Application>" : ""};\n`,
          ]
        : [],
    ),
    ...server.resourceTemplates.flatMap(({ description, params, handler }) => [
      declared(params.type),
      `${docComment([description])}export type ${handler.type} = ${use("ResourceTemplateHandler")}<${params.type}${application ? ", Application" : ""}>;\n`,
    ]),
    ...server.prompts.flatMap((prompt) => [
      promptArguments(prompt),
      ...answers(prompt.elicitations, declared),
      ...("handler" in prompt.source
        ? [
            `${docComment([prompt.description ?? prompt.title])}export type ${prompt.source.handler.type} = ${use("PromptHandler")}<${promptParameters(prompt, application)}>;\n`,
          ]
        : []),
    ]),
  ];
  const imports = used.size === 0 ? "" : `import type { ${[...used].sort().join(", ")} } from "@mcpc/runtime";\n\n`;
  const shared = application ? `import type { Application } from "./application.js";\n` : "";
  return shared + imports + (parts.join("\n") || "export {};\n");
}

/** The application is the last type parameter: those before it are written out. */
function toolParameters(
  { input, output, errors, elicitations }: Tool,
  application: boolean,
  use: (name: string) => string,
): string {
  if (errors.length === 0 && elicitations.length === 0 && !application)
    return output ? `${input.type}, ${output.type}` : input.type;
  const members = errors.map(
    ({ code, placeholders, description }) =>
      `${docComment([description])}${literal(code)}: ${parameters(placeholders)};`,
  );
  const declared = members.length === 0 ? "{}" : `{\n${members.join("\n")}\n}`;
  const asked = elicitations.length === 0 && !application ? "" : `, ${questions(elicitations)}`;
  const shared = application ? ", Application" : "";
  return `${input.type}, ${output?.type ?? use("ToolOutput")}, ${declared}${asked}${shared}`;
}

function promptParameters({ type, elicitations }: Prompt, application: boolean): string {
  if (application) return `${type}, ${questions(elicitations)}, Application`;
  return elicitations.length > 0 ? `${type}, ${questions(elicitations)}` : type;
}

function completionHandler(application: boolean): string {
  if (!application) return `export type { CompletionHandler } from "@mcpc/runtime";\n`;
  return `export type CompletionHandler = import("@mcpc/runtime").CompletionHandler<Application>;\n`;
}

function parameters(placeholders: readonly string[]): string {
  if (placeholders.length === 0) return "void";
  return `{ ${placeholders.map((name) => `${name}: string | number`).join("; ")} }`;
}

function questions(elicitations: readonly Elicitation[]): string {
  if (elicitations.length === 0) return "{}";
  const members = elicitations.map(({ name, message, placeholders, answer }) => {
    const content = answer?.type ?? "Record<string, never>";
    return `${docComment([message])}${literal(name)}: { parameters: ${parameters(placeholders)}; content: ${content} };`;
  });
  return `{\n${members.join("\n")}\n}`;
}

function answers(elicitations: readonly Elicitation[], declared: (type: string) => string): string[] {
  return elicitations.flatMap(({ answer }) => (answer ? [declared(answer.type)] : []));
}

function hasCompletions({ prompts, resourceTemplates }: Server): boolean {
  return [...prompts, ...resourceTemplates].some(({ completions }) => completions.length > 0);
}

function promptArguments(prompt: Prompt): string {
  const members = prompt.arguments.map((argument) => {
    const always = argument.required || argument.default !== undefined;
    const type = argument.enum ? argument.enum.map((value) => literal(value)).join(" | ") : "string";
    const preset = argument.default === undefined ? "" : `@default ${JSON.stringify(argument.default)}`;
    return `${docComment([argument.description, preset])}${literal(argument.name)}${always ? "" : "?"}: ${type};`;
  });
  const introduction = `Arguments of the prompt ${JSON.stringify(prompt.name)}.`;
  if (members.length === 0) return `${docComment([introduction])}export type ${prompt.type} = Record<string, never>;\n`;
  return `${docComment([introduction])}export interface ${prompt.type} {\n${members.join("\n")}\n}\n`;
}
