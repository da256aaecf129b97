import { isBuiltin } from "node:module";
import { installCommand } from "../diagnostics/install-command.js";
import { nearest } from "../diagnostics/suggest.js";
import type { Server, Tool } from "../model/server.js";

/** The context of an error. */
export interface ErrorContext {
  readonly server: Server;
  /** The entry of the handler: `the tool "get_weather"`. */
  readonly what: string | undefined;
  readonly tool: Tool | undefined;
  /** The line of the error, and the marked text. */
  readonly line: string;
  readonly word: string;
}

export interface Phrase {
  readonly message: string;
  readonly suggestion?: string | undefined;
  readonly help?: string;
  /** The generated type in the message. */
  readonly type?: string;
  /** Whether to report the message only once, even for several places. */
  readonly isReportedOnce?: true;
}

/** A pattern for messages of TypeScript about the runtime's types, and the message in the manifest's terms. */
interface Rule {
  readonly pattern: RegExp;
  /** Returns the message; `undefined` if the match has another meaning. */
  readonly rephrase: (groups: readonly string[], situated: ErrorContext) => Phrase | undefined;
}

const rules: readonly Rule[] = [
  {
    pattern: /^Cannot find module '(((?:@[\w.~-]+\/)?[\w.~-]+)[^']*)' or its corresponding type declarations/,
    rephrase: ([module = "", name = ""]) =>
      // For Node's own modules, the types are missing.
      /^\.{1,2}$/.test(name) || isBuiltin(module)
        ? undefined
        : {
            message: `there is no module ${JSON.stringify(module)}`,
            help: `if it is a package: ${installCommand(name)}`,
          },
  },
  {
    pattern: /^Property 'config' does not exist on type '\w*Context\b/,
    rephrase: () => ({
      message: 'the context has no "config": the manifest declares no settings',
      help: 'declare them under "runtime": { "config": { … } }',
    }),
  },
  {
    pattern: /^Property 'state' does not exist on type '\w*Context\b|^'(?:[\w$]+\.)?state' is possibly 'undefined'/,
    rephrase: (_, { server: { layout, runtime } }) => {
      // With hooks, `onStart` may return nothing.
      if (runtime.hooks) return undefined;
      const file = `${layout.source}/hooks.ts`;
      return {
        message: `the context has no "state": there is no ${file} that exports onStart`,
        help: `export onStart from ${file}; what it returns is the state`,
        isReportedOnce: true,
      };
    },
  },
  {
    pattern: /^Property '([^']+)' does not exist on type 'DeclaredErrors</,
    rephrase: ([name = ""], { tool, what = "this tool" }) => ({
      message: `${what} declares no error ${JSON.stringify(name)}`,
      suggestion: nearest(name, tool?.errors.map(({ code }) => code) ?? []),
      help: `declare it under "errors" of ${what}: ${JSON.stringify(name)}: { "message": "…" }`,
    }),
  },
  {
    pattern: /^Property '([^']+)' does not exist on type 'Elicit</,
    rephrase: ([name = ""], { tool, what = "this entry" }) => ({
      message: `${what} declares no question ${JSON.stringify(name)}`,
      suggestion: nearest(name, tool?.elicitations.map((question) => question.name) ?? []),
      help: `declare it under "elicitations" of ${what}`,
    }),
  },
  {
    pattern: /^Argument of type '.+' is not assignable to parameter of type 'void'/,
    rephrase: (_, { line, word }) => {
      const called = callBefore(line, `(${word}`);
      return (
        called && {
          message: `the message of ${JSON.stringify(called.name)} has no placeholders, so it takes no argument`,
          help: `call it without one, ${called.text}(), or write a placeholder such as {{name}} into the message`,
        }
      );
    },
  },
  {
    pattern: /^Expected \d+ arguments?, but got 0/,
    rephrase: (_, { line, word, tool }) => {
      const called = callBefore(line, `${word}()`, word);
      const placeholders = [...(tool?.errors ?? []), ...(tool?.elicitations ?? [])].find((declared) =>
        "code" in declared ? declared.code === called?.name : declared.name === called?.name,
      )?.placeholders;
      if (called === undefined || placeholders === undefined || placeholders.length === 0) return undefined;
      return {
        message: `the message of ${JSON.stringify(called.name)} has placeholders, and nothing to fill them in`,
        help: `give it their values: ${called.text}({ ${placeholders.join(", ")} })`,
      };
    },
  },
  {
    pattern: /^Object literal may only specify known properties, and '(.+?)' does not exist in type 'ContentBlock'/,
    rephrase: ([name = ""], { what = "this tool" }) => ({
      message: `a content block has no ${JSON.stringify(name)}`,
      help: `declare an "outputSchema" in ${what} for values of your own, or return { type: "text", text: … }`,
    }),
  },
  {
    pattern: /^Type '([^]+?)' is not assignable to type 'readonly ContentBlock\[\]'$/,
    rephrase: ([type = ""]) => ({
      message: `content is an array of content blocks, not ${short(type)}`,
      help: 'return the text itself, or { content: [{ type: "text", text: … }] }',
    }),
  },
  {
    pattern:
      /Type '([^']+?)' is not assignable to type '(?:Promise<ToolResult<ToolOutput> \| ToolOutput> \| )?ToolResult<ToolOutput> \| ToolOutput'/,
    rephrase: ([type = ""], { what = "this tool" }) => ({
      message: `${what} has no "outputSchema", so its handler returns a text or content, not ${short(type)}`,
      help: /^(?:void|undefined)$/.test(withoutPromise(type))
        ? "return a text, on every path"
        : 'declare an "outputSchema", or return a string: JSON.stringify(…), for example',
    }),
  },
  {
    pattern: /Type '([^']+?)' is not assignable to type '[^']*\bToolResult<((?!ToolOutput\b)\w+)>/,
    rephrase: ([type = "", output = ""], { what = "this tool" }) => ({
      type: output,
      message: `the handler of ${what} returns what its "outputSchema" describes, not ${short(type)}`,
      help: 'return the value itself, or result(value, { content: … }) from "@mcpc/runtime" for more',
    }),
  },
  {
    pattern: /Type '([^']+?)' is not assignable to type '(?:Promise<ResourceOutput> \| )?ResourceOutput'/,
    rephrase: ([type = ""], { what = "this resource" }) => ({
      message: `the handler of ${what} returns a string, bytes, or objects with "text", "json" or "blob", not ${short(type)}`,
      help: /^\{ contents: /.test(withoutPromise(type))
        ? `give each item of "contents" a "text", "json" or "blob"`
        : /^\{ content: /.test(withoutPromise(type))
          ? 'resources have "contents", without "type": { contents: [{ text: … }] }'
          : "return the text, or { json: … } for a value",
    }),
  },
  {
    pattern: /Type '([^]+?)' is not assignable to type 'readonly ResourceContent\[\]'/,
    rephrase: ([type = ""]) => ({
      message: `"contents" is an array of objects with "text", "json" or "blob", not ${short(type)}`,
      help: "return the text itself, or { contents: [{ text: … }] }",
    }),
  },
  {
    pattern:
      /^Object literal may only specify known properties, and '(.+?)' does not exist in type 'readonly ResourceContent\[\]'/,
    rephrase: ([name = ""]) => ({
      message: `"contents" is an array of objects with "text", "json" or "blob", not an object with ${JSON.stringify(name)}`,
      help: "put the object into an array: { contents: [{ text: … }] }",
    }),
  },
  {
    pattern: /^(?:Type '([^]+?)' is not assignable to type|.*, and '(.+?)' does not exist in type) 'ResourceContent'/,
    rephrase: ([type = "", name = ""], { what = "this resource" }) => ({
      message: `each piece of ${what} has "text", "json" or "blob", not ${type === "" ? JSON.stringify(name) : short(type)}`,
      help: "write { text: … } for a text, { json: … } for a value, { blob: … } for bytes",
    }),
  },
  {
    pattern: /^Type '([^']+?)' is not assignable to type 'string \| Uint8Array<ArrayBufferLike>'/,
    rephrase: ([type = ""], { line }) =>
      /\bblob\b/.test(line)
        ? {
            message: `"blob" is bytes (a Uint8Array, such as a Buffer) or base64, not ${short(type)}`,
            help: "write Buffer.from(…) around it",
          }
        : undefined,
  },
  {
    pattern: /Type '([^']+?)' is not assignable to type '(?:Promise<PromptOutput> \| )?PromptOutput'/,
    rephrase: ([type = ""], { what = "this prompt" }) => ({
      message: `the handler of ${what} returns a string, messages, or an object with "messages", not ${short(type)}`,
      help: "return the text of the one message, or { messages: [{ role, content }] }",
    }),
  },
  {
    pattern: /^Type '([^]+?)' is not assignable to type 'readonly PromptMessage\[\]'/,
    rephrase: ([type = ""]) => ({
      message: `"messages" is an array of objects with "role" and "content", not ${short(type)}`,
      help: "return the text itself, or { messages: [{ role, content }] }",
    }),
  },
  {
    pattern: /^(?:Type '([^]+?)' is not assignable to type|.*, and '(.+?)' does not exist in type) 'PromptMessage'/,
    rephrase: ([type = "", name = ""]) => ({
      message: `a message has "role" and "content", not ${type === "" ? JSON.stringify(name) : short(type)}`,
      help: 'write { role: "user", content: { type: "text", text: … } }',
    }),
  },
  {
    pattern: /^Type '([^]+?)' is not assignable to type 'ContentBlock'/,
    rephrase: ([type = ""]) => ({
      message: `content is made of content blocks, not of ${short(type)}`,
      help: 'write { type: "text", text: … } for a text',
    }),
  },
  {
    pattern:
      /Type '([^']+?)' is not assignable to type '(?:Promise<readonly ListedResource\[\]> \| )?readonly ListedResource\[\]'/,
    rephrase: ([type = ""]) => ({
      message: `a function that lists resources returns an array of objects with "uri" and "name", not ${short(type)}`,
      help: "return [{ uri, name }, …]",
    }),
  },
  {
    pattern: /^(?:Type '([^]+?)' is not assignable to type|.*, and '(.+?)' does not exist in type) 'ListedResource'/,
    rephrase: ([type = "", name = ""]) => ({
      message: `a listed resource is an object with "uri" and "name", not ${type === "" ? `with ${JSON.stringify(name)}` : short(type)}`,
      help: "write { uri, name }",
    }),
  },
  {
    pattern: /Type '([^']+?)' is not assignable to type 'Promise<readonly string\[\]> \| readonly string\[\]'/,
    rephrase: ([type = ""]) => ({
      message: `a function that completes returns an array of texts, not ${short(type)}`,
      help: "return the texts that there are to choose from",
    }),
  },
];

/** Rephrases a message of TypeScript about the runtime's types in the manifest's terms. */
export function rephrase(message: string, situated: ErrorContext): Phrase | undefined {
  for (const { pattern, rephrase } of rules) {
    const [found, ...groups] = pattern.exec(message) ?? [];
    const phrase = found === undefined ? undefined : rephrase(groups, situated);
    if (phrase) return phrase;
  }
  return undefined;
}

/** Returns the function of `errors` or `elicit` that the line calls before a text. */
function callBefore(
  line: string,
  text: string,
  end = "",
): { readonly text: string; readonly name: string } | undefined {
  const at = line.indexOf(text);
  const [found, name] = /\b(?:errors|elicit)\.([\w$]+)$/.exec(at === -1 ? "" : line.slice(0, at) + end) ?? [];
  return found === undefined || name === undefined ? undefined : { text: found, name };
}

function withoutPromise(type: string): string {
  return type.replace(/^Promise<([^]*)>$/, "$1");
}

/** Returns a type as text, cut to a maximum length. */
function short(type: string): string {
  const text = withoutPromise(type);
  return text === "void" ? "nothing" : text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
