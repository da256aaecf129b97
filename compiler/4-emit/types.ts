import { noCache, type Cache } from "../model/cache.js";
import type { Elicitation, Prompt, Server, Tool } from "../model/server.js";
import { docComment, literal } from "./code.js";
import { schemaTypes } from "./declarations.js";
import { printDeclaration, printTypeImport } from "./format.js";
import { hasApplication } from "./runtime.js";
import { generic, named, object, union, type Type } from "./type.js";

/** Prints `generated/types.ts`: every schema type, and the type of every handler, in the order of the manifests. */
export function typesModule(server: Server, cache: Cache = noCache): string {
  const application = hasApplication(server);
  const declared = declaredTypes(server, cache);
  const text = (type: string): string => declared.get(type)!;
  const parts = [
    ...server.definitions.map(({ type }) => text(type)),
    ...(hasCompletions(server) ? [sharedHandler("CompletionHandler", application)] : []),
    ...(server.resourceTemplates.some(({ list }) => list) ? [sharedHandler("ResourceLister", application)] : []),
    ...typesOf(server).map(text),
  ];
  const used = runtimeTypes(server, application);
  const imports = used.length === 0 ? "" : `${printTypeImport(used, "@mcpc/runtime")}\n`;
  const own = application ? `import type { Application } from "./application.js";\n` : "";
  return own + imports + (parts.join("\n") || "export {};\n");
}

/** Prints the types of the entries, without the types of shared schemas. */
function typesOf({ tools, resources, resourceTemplates, prompts }: Server): string[] {
  const answers = (elicitations: readonly Elicitation[]): string[] =>
    elicitations.flatMap(({ answer }) => (answer ? [answer.type] : []));
  return [
    ...tools.flatMap(({ input, filling, output, elicitations, handler }) => [
      input.type,
      ...(filling ? [filling.type] : []),
      ...(output ? [output.type] : []),
      ...answers(elicitations),
      handler.type,
    ]),
    ...resources.flatMap(({ source }) => ("handler" in source ? [source.handler.type] : [])),
    ...resourceTemplates.flatMap(({ params, handler }) => [params.type, handler.type]),
    ...prompts.flatMap(({ type, elicitations, source }) => [
      type,
      ...answers(elicitations),
      ...("handler" in source ? [source.handler.type] : []),
    ]),
  ];
}

/** Lists the runtime's types that generated types use. */
function runtimeTypes({ tools, resources, resourceTemplates, prompts }: Server, application: boolean): string[] {
  const isHandled = ({ source }: { readonly source: object }): boolean => "handler" in source;
  const used = [
    ["PromptHandler", prompts.some(isHandled)],
    ["ResourceHandler", resources.some(isHandled)],
    ["ResourceTemplateHandler", resourceTemplates.length > 0],
    ["ToolHandler", tools.length > 0],
    ["ToolOutput", tools.some((tool) => declaresMore(tool, application) && !tool.output)],
  ] as const;
  return used.flatMap(([name, isUsed]) => (isUsed ? [name] : []));
}

/** Returns the declarations of all types of a server, by name. */
function declaredTypes(server: Server, cache: Cache): Map<string, string> {
  const declared = schemaTypes(server, cache);
  const application = hasApplication(server);
  const shared = application ? [named("Application")] : [];
  const handlerType = (name: string, kind: string, parameters: readonly Type[], description?: string): void => {
    const all = [...parameters, ...shared];
    const make = (): string => {
      const type = all.length === 0 ? named(kind) : generic(kind, all);
      return docComment([description]) + printDeclaration(name, type);
    };
    declared.set(name, cache.memo("declaration", [JSON.stringify([name, kind, all, description])], make));
  };
  for (const tool of server.tools) {
    const { handler, description, title } = tool;
    handlerType(handler.type, "ToolHandler", toolParameters(tool, application), description ?? title);
  }
  for (const { description, source } of server.resources)
    if ("handler" in source) handlerType(source.handler.type, "ResourceHandler", [], description);
  for (const { description, params, handler } of server.resourceTemplates)
    handlerType(handler.type, "ResourceTemplateHandler", [named(params.type)], description);
  for (const prompt of server.prompts) {
    const { type, source, elicitations, description, title } = prompt;
    declared.set(type, promptArguments(prompt));
    const asked = application || elicitations.length > 0 ? [questions(elicitations)] : [];
    if ("handler" in source)
      handlerType(source.handler.type, "PromptHandler", [named(type), ...asked], description ?? title);
  }
  return declared;
}

/** Whether a tool's type needs the last type parameters; then all parameters before them must be written. */
function declaresMore({ errors, elicitations }: Tool, application: boolean): boolean {
  return errors.length > 0 || elicitations.length > 0 || application;
}

function toolParameters(tool: Tool, application: boolean): Type[] {
  const { input, output, errors, elicitations } = tool;
  if (!declaresMore(tool, application)) return [input, ...(output ? [output] : [])].map(({ type }) => named(type));
  const declared = errors.map(({ code, placeholders, description }) => ({
    name: code,
    optional: false,
    type: parameters(placeholders),
    documentation: description ?? "",
  }));
  const asked = elicitations.length > 0 || application ? [questions(elicitations)] : [];
  return [named(input.type), named(output?.type ?? "ToolOutput"), object(declared), ...asked];
}

function sharedHandler(type: string, application: boolean): string {
  if (!application) return `export type { ${type} } from "@mcpc/runtime";\n`;
  return `export type ${type} = import("@mcpc/runtime").${type}<Application>;\n`;
}

function parameters(placeholders: readonly string[]): Type {
  if (placeholders.length === 0) return named("void");
  const type = union([named("string"), named("number")]);
  return object(placeholders.map((name) => ({ name, optional: false, type, documentation: "" })));
}

function questions(elicitations: readonly Elicitation[]): Type {
  return object(
    elicitations.map(({ name, message, placeholders, answer }) => {
      const content = named(answer?.type ?? "Record<string, never>");
      const type = object([
        { name: "parameters", optional: false, type: parameters(placeholders), documentation: "" },
        { name: "content", optional: false, type: content, documentation: "" },
      ]);
      return { name, optional: false, type, documentation: message };
    }),
  );
}

function hasCompletions({ prompts, resourceTemplates }: Server): boolean {
  return [...prompts, ...resourceTemplates].some(({ completions }) => completions.length > 0);
}

function promptArguments(prompt: Prompt): string {
  const introduction = docComment([`Arguments of the prompt ${JSON.stringify(prompt.name)}.`]);
  if (prompt.arguments.length === 0)
    return introduction + printDeclaration(prompt.type, generic("Record", [named("string"), named("never")]));
  const members = prompt.arguments.map((argument) => {
    const { name, description, enum: values } = argument;
    const preset = argument.default === undefined ? undefined : `@default ${JSON.stringify(argument.default)}`;
    return {
      name,
      optional: !argument.required && argument.default === undefined,
      type: values ? union(values.map((value) => named(literal(value)))) : named("string"),
      documentation: [description, preset].filter((part) => part !== undefined && part !== "").join("\n\n"),
    };
  });
  return introduction + printDeclaration(prompt.type, object(members));
}
