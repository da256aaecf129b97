import { didYouMean, define, listOf, quote } from "./definition.js";

export const entry = {
  "cache/not-read-only": define<{ tool: string }>({
    severity: "warning",
    message: ({ tool }) => `results of ${quote(tool)} are kept, but its annotations say that it changes something`,
    help: () => 'remove "cache", or say "readOnlyHint": true if it changes nothing',
    explain:
      "A cached result is returned without running the handler, so any other effect of the handler happens only now and then. Only tools that change nothing should be cached.",
  }),
  "error/invalid-placeholder": define<{ placeholder: string }>({
    severity: "error",
    message: ({ placeholder }) => `the placeholder ${quote(placeholder)} is not a name`,
    help: () => "placeholders are letters, digits and underscores in double braces, such as {{city}}",
    explain:
      "In the message of a declared error, and in a question, `{{name}}` is a placeholder. Placeholders become the parameters of the function that makes the error or asks the question, so they must be names. A backslash before the braces, which JSON writes as `\\\\{{name}}`, makes them text. In a text without double braces, `{name}` is a placeholder, too.",
  }),
  "example/mismatch": define<{ reason: string; suggestion?: string | undefined }>({
    severity: "error",
    message: ({ reason }) => `the example does not fit its tool: ${reason}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "correct the example or the tool",
    explain:
      "Examples document a tool and are run as tests, so their arguments must pass `inputSchema`, their results `outputSchema`, and their errors must be declared.",
  }),
  "handler/invalid-reference": define<{ reference: string; reason: string }>({
    severity: "error",
    message: ({ reference, reason }) => `the handler ${quote(reference)} ${reason}`,
    help: () => 'write it as "./file.ts#exportedName", relative to this manifest',
    explain:
      "`handler` names a TypeScript file of the project and one of its exports, as `./src/math.ts#divide`. It may not leave the project's folder.",
  }),
  "prompt/unknown-variable": define<{ variable: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ variable }) => `the prompt has no argument ${quote(variable)}`,
    help: ({ variable, suggestion }) =>
      didYouMean(suggestion) ?? `declare it under "arguments", or write \\\\{{${variable}}} for the braces themselves`,
    explain:
      "`{{name}}` in a message is replaced by an argument of the prompt, so each name must be a declared argument. A backslash before the braces, which JSON writes as `\\\\{{name}}`, makes them text.",
  }),
  "prompt/unused-argument": define<{ argument: string }>({
    severity: "warning",
    message: ({ argument }) => `no message uses the argument ${quote(argument)}`,
    help: ({ argument }) => `write {{${argument}}} where it belongs, or remove it`,
    explain: "A templated prompt asks the user for an argument that none of its messages contains.",
  }),
  "prompt/invalid-data": define<{ field: string }>({
    severity: "error",
    message: ({ field }) => `${quote(field)} is not base64`,
    help: () => "encode the bytes as base64 (RFC 4648)",
    explain:
      "Images, audio and binary resources in a message are written as base64, and clients decode them. Every client would get an error.",
  }),
  "prompt/invalid-default": define<{ argument: string; value: string }>({
    severity: "error",
    message: ({ argument, value }) => `the default ${quote(value)} is not among the values of ${quote(argument)}`,
    help: () => 'add it to "enum", or choose another default',
    explain: "An argument's default must be one of the values its `enum` allows.",
  }),
  "resource/invalid-blob": define<object>({
    severity: "error",
    message: () => '"blob" is not base64',
    help: () => 'encode the bytes as base64 (RFC 4648), or name the file with "file"',
    explain:
      "Binary contents of a static resource are written as base64, and clients decode them. Every client would get an error.",
  }),
  "resource/invalid-uri": define<{ uri: string }>({
    severity: "error",
    message: ({ uri }) => `${quote(uri)} is not an absolute URI`,
    help: () => "begin with a scheme, such as config://app",
    explain:
      "A resource is addressed by an absolute URI: a scheme, a colon, and the rest, in the form that the scheme defines.",
  }),
  "runtime/unstated-effect": define<{ names: readonly string[] }>({
    severity: "warning",
    message: ({ names }) =>
      `an EventSource cannot run ${listOf(names)}: no "readOnlyHint" says that ${names.length === 1 ? "it changes" : "they change"} nothing`,
    help: () =>
      'in "annotations", say "readOnlyHint": true of those that change nothing, and false of those that POST alone may run',
    explain:
      'With `toolEvents` each tool has an event stream. Any web page can make a browser send GET there, with an image or a link, so GET runs only tools whose annotations say `"readOnlyHint": true`; the others require POST. This warning lists the tools without `readOnlyHint`, which may have been forgotten.',
  }),
  "runtime/no-transport": define<object>({
    severity: "error",
    message: () => "the server has no transport",
    help: () => 'name at least one under "transports", such as "stdio": {}',
    explain:
      "If `runtime.transports` is present, the server is reachable through the transports it names and through no other.",
  }),
  "text/unknown-property": define<{ property: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ property }) => `the output schema has no property ${quote(property)}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "name a property of the outputSchema, in double braces",
    explain:
      "In the template of a tool's `text`, `{{name}}` is a property of the result, so `outputSchema` must declare it in its own `properties`.",
  }),
  "text/not-a-placeholder": define<{ written: string; name: string }>({
    severity: "warning",
    message: ({ written }) => `${quote(written)} is not a placeholder`,
    help: ({ name }) => (name === "" ? 'close it with "}}", or remove it' : didYouMean(`{{${name}}}`)),
    explain:
      "In the messages of prompts, in errors and in questions a placeholder is written `{{name}}`. Placeholders of other languages are text, or leave text around the value that clients see: `${name}`, `#{name}`, `{{name}`, a `{{` that no `}}` closes, and `{name}` in a text with double braces, or in a prompt with an argument of that name. Write `${{price}}` for a dollar before a value, and `{ name }`, with blanks, for braces that are text.",
  }),
  "template/ambiguous": define<{ template: string; first: string; second: string }>({
    severity: "error",
    message: ({ template, first, second }) =>
      `nothing in ${quote(template)} says where ${quote(first)} ends and ${quote(second)} begins`,
    help: ({ first, second }) => `write text between the two, such as {${first}}/{${second}}`,
    explain:
      "The server splits a URI into the values of the variables. Two variables that follow each other, or a list (`*`) with more behind it, can share a text in many ways, so the handler would get arbitrary parts of it. Text between them, or an operator that begins with a character of its own (`{a}{/b}`, `{a}{?b}`), marks where one ends.",
  }),
  "template/invalid": define<{ template: string; reason: string }>({
    severity: "error",
    message: ({ template, reason }) => `${quote(template)} is not a URI template: ${reason}`,
    help: () => "write variables as {name}; see RFC 6570",
    explain:
      "A resource template's `uriTemplate` follows RFC 6570: literal text with variables in braces, such as `users://{id}` or `search://{?query,page}`.",
  }),
  "template/list": define<{ variable: string }>({
    severity: "warning",
    message: ({ variable }) => `{${variable}*} does not match slashes`,
    help: ({ variable }) =>
      `write {+${variable}} for a value that may hold slashes, or {${variable}} for one that may not`,
    explain:
      "By RFC 6570 `{name*}` is a list whose items are separated by commas; a slash is not part of it. In other places a star stands for any number of path segments, which here is `{+name}`, or `{/name*}` with the slash before it.",
  }),
  "template/overlap": define<{ template: string; other: string; uri: string }>({
    severity: "warning",
    message: ({ template, other, uri }) =>
      `${quote(template)} also matches ${quote(uri)}, which ${quote(other)} answers`,
    help: () => "let a literal part tell them apart, or put the more specific one first",
    explain:
      "Two URI templates match the same URI. The first of them, in the order of the manifests, answers it, and the other is not used for it. A specific template before a general one is no mistake, and a resource with a URI of its own always comes before templates.",
  }),
  "template/unknown-variable": define<{ variable: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ variable }) => `the URI template has no variable ${quote(variable)}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "write it into the template as {name}, or remove it",
    explain:
      "`params` describes the variables of `uriTemplate`; a property that is no variable could never have a value.",
  }),
};
