import type { Again } from "../model/again.js";
import type { Elicitation, Prompt, Server, Tool } from "../model/server.js";
import { docComment, literal } from "./code.js";
import { printDeclaration, printTypeImport } from "./format.js";
import { hasApplication } from "./runtime.js";
import { generic, named, object, union, type Type } from "./type.js";

/** `generated/types.ts`: every schema type, and the type of every handler, in the order of the manifests. */
export function typesModule(server: Server, declarations: ReadonlyMap<string, string>, again: Again): string {
  const declared = (type: string): string => declarations.get(type) ?? "";
  const used = new Set<string>();
  const handlerType = (name: string, kind: string, parameters: readonly Type[], description?: string): string => {
    used.add(kind);
    return again("handler types", JSON.stringify([name, kind, parameters, description]), () => {
      const type = parameters.length === 0 ? named(kind) : generic(kind, parameters);
      return docComment([description]) + printDeclaration(name, type);
    });
  };
  const application = hasApplication(server);
  const shared = application ? [named("Application")] : [];
  const parts = [
    ...server.definitions.map(({ type }) => declared(type)),
    ...(hasCompletions(server) ? [completionHandler(application)] : []),
    ...server.tools.flatMap((tool) => {
      const { input, output, elicitations, handler, description, title } = tool;
      if (declaresMore(tool, application) && !output) used.add("ToolOutput");
      return [
        declared(input.type),
        ...(output ? [declared(output.type)] : []),
        ...answers(elicitations, declared),
        handlerType(
          handler.type,
          "ToolHandler",
          [...toolParameters(tool, application), ...shared],
          description ?? title,
        ),
      ];
    }),
    ...server.resources.flatMap(({ description, source }) =>
      "handler" in source ? [handlerType(source.handler.type, "ResourceHandler", shared, description)] : [],
    ),
    ...server.resourceTemplates.flatMap(({ description, params, handler }) => [
      declared(params.type),
      handlerType(handler.type, "ResourceTemplateHandler", [named(params.type), ...shared], description),
    ]),
    ...server.prompts.flatMap((prompt) => {
      const { type, source, elicitations, description, title } = prompt;
      const asked = application || elicitations.length > 0 ? [questions(elicitations)] : [];
      return [
        promptArguments(prompt),
        ...answers(elicitations, declared),
        ...("handler" in source
          ? [
              handlerType(
                source.handler.type,
                "PromptHandler",
                [named(type), ...asked, ...shared],
                description ?? title,
              ),
            ]
          : []),
      ];
    }),
  ];
  const imports = used.size === 0 ? "" : `${printTypeImport([...used].sort(), "@mcpc/runtime")}\n`;
  const own = application ? `import type { Application } from "./application.js";\n` : "";
  return own + imports + (parts.join("\n") || "export {};\n");
}

/** The application is the last type parameter: those before it are written out. */
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

function completionHandler(application: boolean): string {
  if (!application) return `export type { CompletionHandler } from "@mcpc/runtime";\n`;
  return `export type CompletionHandler = import("@mcpc/runtime").CompletionHandler<Application>;\n`;
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

function answers(elicitations: readonly Elicitation[], declared: (type: string) => string): string[] {
  return elicitations.flatMap(({ answer }) => (answer ? [declared(answer.type)] : []));
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
