import { basename } from "node:path/posix";
import type { Handler, Prompt, Resource, ResourceTemplate, Server, Tool } from "../model/server.js";
import type { Span } from "../model/source.js";
import { docComment, literal } from "./code.js";

/** A stub of a handler, and the words that describe it. */
export interface Stub {
  readonly handler: Handler;
  /** The field of the manifest that names the handler. */
  readonly field: "handler" | "list" | "complete";
  readonly name: string;
  /** Description of the entry, such as `the tool "get_weather"`. */
  readonly what: string;
  /** The span of the entry's declaration. */
  readonly span: Span;
  readonly description: string | undefined;
  readonly parameters: string;
}

/** Prints a stub; `type` is the name of the handler's type in the file. */
export function stubText({ handler, name, description, parameters }: Stub, type: string): string {
  return (
    `${docComment([description])}export const ${handler.export}: ${type} = async (${parameters}) => {\n` +
    `  throw notImplemented(${literal(name)});\n};\n`
  );
}

/** Whether a file holds only stubs. */
export function isStubFile(text: string): boolean {
  return onlyStubs.test(text.replaceAll("\r\n", "\n"));
}

const imports =
  /import \{ notImplemented \} from "@mcpc\/runtime";\n(?:import type \{ [\w, ]+ \} from "[^"\n]+";\n)?\n/;
const oneStub =
  /(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export const [\w$]+: \w+ = async \((?:_\w+, )?_context\) => \{\n {2}throw notImplemented\("(?:[^"\\\n]|\\.)*"\);\n\};\n/;
const onlyStubs = new RegExp(`^${imports.source}${oneStub.source}(?:\\n${oneStub.source})*$`);

/** Returns the name of a handler file, without its extension. */
export function nameOf(path: string): string {
  return basename(path).replace(/\.[mc]?tsx?$/, "");
}

/** Returns the stubs of all handlers, written or not. */
export function stubsOf(server: Server): Stub[] {
  const isGenerated = ({ file }: Handler): boolean => file.startsWith(`${server.layout.generated}/`);
  type Entry = Tool | Resource | ResourceTemplate | Prompt;
  const stub = (entry: Entry, kind: string, name: string, parameters: string): Stub[] => {
    const handler = "handler" in entry ? entry.handler : "handler" in entry.source ? entry.source.handler : undefined;
    // Handlers in generated code need no stub.
    if (handler === undefined || isGenerated(handler)) return [];
    const { span, description } = entry;
    return [
      { handler, field: "handler", name, what: `the ${kind} ${JSON.stringify(name)}`, span, description, parameters },
    ];
  };
  return [
    ...server.tools.flatMap((tool) => stub(tool, "tool", tool.name, "_input, _context")),
    ...server.resources.flatMap((resource) => stub(resource, "resource", resource.uri, "_input, _context")),
    ...server.resourceTemplates.flatMap((template) =>
      stub(template, "resource template", template.uriTemplate, "_params, _context"),
    ),
    ...server.prompts.flatMap((prompt) => stub(prompt, "prompt", prompt.name, "_arguments, _context")),
    ...server.resourceTemplates.flatMap(({ list, uriTemplate, span }): Stub[] => {
      const what = `the list of the resource template ${JSON.stringify(uriTemplate)}`;
      const description = `Lists the resources of ${JSON.stringify(uriTemplate)}.`;
      return list
        ? [{ handler: list, field: "list", name: uriTemplate, what, span, description, parameters: "_context" }]
        : [];
    }),
    ...[...server.resourceTemplates, ...server.prompts].flatMap(({ completions, span }) =>
      completions.flatMap(({ name, handler }): Stub[] => {
        if (isGenerated(handler)) return [];
        const description = `Completes ${JSON.stringify(name)} while the user types.`;
        const what = `the completion of ${JSON.stringify(name)}`;
        return [{ handler, field: "complete", name, what, span, description, parameters: "_value, _context" }];
      }),
    ),
  ];
}
