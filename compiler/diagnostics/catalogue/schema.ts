import { cut, define, didYouMean, quote } from "./definition.js";

export const schema = {
  "reference/circular": define<{ reference: string }>({
    severity: "error",
    message: ({ reference }) =>
      `the reference ${quote(reference)} leads back to itself: checking a value would never end`,
    help: () => "let a property or an item stand between, or point it elsewhere",
    explain:
      "A schema may be recursive if each round goes deeper into the value, through `properties` or `items`. A `$ref` that comes back to the same schema for the same value, directly or through a keyword such as `allOf`, checks nothing and never ends.",
  }),
  "reference/outside-project": define<{ reference: string }>({
    severity: "error",
    message: ({ reference }) => `the reference ${quote(reference)} leaves the project`,
    help: () => "copy the schema into the project and refer to it there",
    explain:
      "A `$ref` may point into the same schema, to the shared `$defs`, or into a file inside the project's folder, but to no other file on the disk.",
  }),
  "reference/remote": define<{ reference: string }>({
    severity: "error",
    message: ({ reference }) => `the reference ${quote(reference)} points to the network`,
    help: () => "copy the schema into the project and refer to it there",
    explain:
      "The protocol forbids servers and clients to fetch schemas, and mcpc never uses the network: a `$ref` must resolve inside the project. A URI resolves if a schema of the project has it as its `$id`.",
  }),
  "reference/too-deep": define<{ reference: string; limit: number }>({
    severity: "error",
    message: ({ reference, limit }) => `the reference ${quote(reference)} leads more than ${limit} schemas deep`,
    help: () => "let the schemas on the way be fewer, or one that is recursive",
    explain:
      "Each schema refers to the next, or holds others, and the last is deeper than a validator could follow. The limit keeps a hostile manifest from exhausting the compiler.",
  }),
  "reference/too-dynamic": define<{ reference: string }>({
    severity: "error",
    message: ({ reference }) => `the reference ${quote(reference)} is reached in too many dynamic scopes`,
    help: () => "let fewer schemas with an $id declare the same $dynamicAnchor",
    explain:
      "What a `$dynamicRef` means depends on the schemas that lead to it, and mcpc works out each of these meanings at build time. The limit keeps a hostile manifest from exhausting the compiler.",
  }),
  "reference/unresolved": define<{ reference: string; suggestion: string | undefined }>({
    severity: "error",
    message: ({ reference }) => `the reference ${quote(reference)} leads nowhere`,
    help: ({ suggestion }) =>
      didYouMean(suggestion) ?? "point it into this schema, to the shared $defs, or into a file of the project",
    explain:
      "A `$ref` names a schema that does not exist. mcpc looks for `#/…` in the schema with the nearest `$id` around it, then for `#/$defs/NAME` among the shared `$defs` of all manifests. A path is relative to the file that contains it.",
  }),
  "schema/duplicate-anchor": define<{ keyword: string; name: string }>({
    severity: "error",
    message: ({ keyword, name }) => `two schemas have the ${keyword} ${quote(name)}`,
    help: () => "give one of them another name, or put it into a schema with an $id of its own",
    explain:
      "`$anchor` and `$dynamicAnchor` name a schema for references such as `#name`, which would be ambiguous. A name may occur again within a schema that has an `$id`. In draft-07 an `$id` such as `#name` does the same.",
  }),
  "schema/duplicate-id": define<{ id: string }>({
    severity: "error",
    message: ({ id }) => `two schemas have the $id ${quote(id)}`,
    help: () => "give one of them another $id, or use a reference to the other",
    explain:
      "`$id` is the address of a schema, by which references find it. Shared definitions, files of schemas and embedded schemas can be reached from the same places, so each needs an address of its own.",
  }),
  "schema/invalid": define<{ reason: string; suggestion?: string | undefined; help?: string | undefined }>({
    severity: "error",
    message: ({ reason }) => `this is not a valid JSON Schema: ${reason}`,
    help: ({ suggestion, help }) => didYouMean(suggestion) ?? help,
    explain:
      "A schema breaks the rules of its dialect: JSON Schema 2020-12, or the one that `$schema` names. A client could refuse the whole listing for it.",
  }),
  "schema/invalid-default": define<{ reason: string }>({
    severity: "warning",
    message: ({ reason }) => reason,
    help: () => "give a value that the schema allows, or remove the default",
    explain:
      "A `default` is a value that its own schema must allow. Clients show it, and mcpc fills it in where a tool's arguments lack it; an invalid one is not filled in.",
  }),
  "schema/invalid-header": define<{ reason: string }>({
    severity: "error",
    message: ({ reason }) => `"x-mcp-header" ${reason}`,
    explain:
      "`x-mcp-header` mirrors an argument in an HTTP header `Mcp-Param-NAME`. The protocol allows it on arguments of type string, integer or boolean that are reached through properties alone, integers within ±(2^53 - 1), with a header name that is a token and unique in the tool whatever its case.",
  }),
  "schema/invalid-pattern": define<{ pattern: string; reason: string; instead: string | undefined }>({
    severity: "error",
    message: ({ pattern, reason }) => `${quote(pattern)} is not a regular expression: ${reason}`,
    help: ({ instead }) =>
      instead === undefined
        ? "patterns are ECMAScript regular expressions with the u flag; escape only what needs it"
        : `write ${quote(instead)}, which is ECMAScript with the u flag`,
    explain:
      "A `pattern` (or a key of `patternProperties`) does not compile. JSON Schema's patterns are ECMAScript regular expressions in Unicode mode.",
  }),
  "schema/root-not-object": define<{ what: string }>({
    severity: "error",
    message: ({ what }) => `the root of ${what} must say "type": "object"`,
    help: () => 'add "type": "object"; arguments are always an object',
    explain:
      "A tool's arguments are a JSON object, and the protocol requires the root of `inputSchema` to be of type object. Clients refuse a tool with another schema.",
  }),
  "schema/complex-pattern": define<{ pattern: string }>({
    severity: "error",
    message: ({ pattern }) => `${quote(pattern)} is too complex to tell how much time it takes`,
    help: () => "nest its groups less deeply, and bound repeated parts with a number, as in a{0,100}",
    explain:
      "mcpc proves that no text makes a regular expression run away. The proof does not reach the end of this one: its groups are nested more than a hundred deep, or it has thousands of parts. Such a pattern could block the server, and is hard to read.",
  }),
  "schema/runaway-pattern": define<{ pattern: string; attack: string }>({
    severity: "warning",
    message: ({ pattern, attack }) => `${quote(pattern)} takes exponential time on some texts, such as ${cut(attack)}`,
    help: () => "let no two repetitions, one inside the other or side by side, match the same text",
    explain:
      "Matching this regular expression takes time that doubles with each character of some texts, so that one call of a client can block the server. Usually a repeated group contains a repetition, as in `(a+)+`, or choices that overlap, as in `(a|aa)+`; `maxLength` does not help.",
  }),
  "schema/slow-pattern": define<{ pattern: string; attack: string; degree: number; advice: number }>({
    severity: "warning",
    message: ({ pattern, attack, degree }) =>
      `${quote(pattern)} takes time that grows with the length to the power of ${degree}, on texts such as ${cut(attack)}`,
    help: ({ advice }) =>
      `bound the text, as with "maxLength": ${advice}, or let no two repetitions match the same text`,
    explain:
      "Matching this regular expression takes time that grows faster than the text: with the square of its length, or worse, so that one long text of a client can keep the server busy for minutes. `maxLength` beside it helps, because a text that is too long is not matched. A `^` at the beginning often helps, too.",
  }),
  "schema/runaway-union": define<object>({
    severity: "warning",
    message: () => "a value can come to the same schemas in more than 100,000 ways here",
    help: () => "refer to each schema from one branch alone",
    explain:
      "`anyOf`, `oneOf`, `allOf` and similar keywords check one value several times. Where definitions refer to each other twice at each level, without a step into the value, the number of checks doubles with each, and one invalid value would keep the server busy for minutes.",
  }),
  "schema/secret-header": define<{ argument: string; header: string }>({
    severity: "warning",
    message: ({ argument, header }) =>
      `the argument ${quote(argument)} looks like a secret, and the header ${quote(`Mcp-Param-${header}`)} shows it`,
    help: () => 'remove "x-mcp-header": proxies and logs see headers',
    explain:
      "`x-mcp-header` repeats an argument in an HTTP header, which proxies read and logs keep. The protocol advises against it for secrets: arguments whose name, `format` or `writeOnly` marks them as one.",
  }),
  "schema/unsatisfiable": define<{ reason: string; suggestion: string | undefined; isAlone?: boolean }>({
    severity: "warning",
    message: ({ reason }) => reason,
    help: ({ suggestion, isAlone = false }) =>
      didYouMean(suggestion) ??
      (isAlone ? "name the values that may be given, or remove it" : "no value can obey both: change or remove one"),
    explain:
      "Two keywords of one schema, or of schemas that apply together through `allOf` or `$ref`, contradict each other, so a value that the schema seems to allow can never pass. Only certain contradictions are reported: types that exclude each other, bounds that leave nothing between them, a `const` or a value of `enum` that `type` forbids, a required property that is forbidden.",
  }),
  "schema/unknown-format": define<{ format: string; isKnown: boolean; suggestion: string | undefined }>({
    severity: "warning",
    message: ({ format, isKnown }) =>
      isKnown
        ? `the format ${quote(format)} is not checked`
        : `the format ${quote(format)} is not known and will not be checked`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? 'say the rule with "pattern" if it matters',
    explain:
      "A `format` that JSON Schema does not define is an annotation: it documents, and checks nothing. So are the international formats of JSON Schema (such as `iri` and `idn-email`), which mcpc does not check. Formats that well-known generators write, such as `uint32`, `ulid` and `e164`, are accepted as deliberate.",
  }),
  "schema/unknown-keyword": define<{
    keyword: string;
    dialect: string;
    instead: string | undefined;
    suggestion: string | undefined;
  }>({
    severity: "warning",
    message: ({ keyword, dialect }) => `JSON Schema ${dialect} has no keyword ${quote(keyword)}: it checks nothing`,
    help: ({ instead, suggestion }) =>
      instead ?? didYouMean(suggestion) ?? 'remove it, or let its name begin with "x-"',
    explain:
      "A keyword that the dialect does not define is ignored by every validator, so a misspelt one silently checks nothing. Names that begin with `x-` are accepted as deliberate.",
  }),
  "schema/wrapped-output": define<{ name: string }>({
    severity: "warning",
    message: ({ name }) =>
      `clients of revisions before 2026-07-28 get the result of ${quote(name)} as { "result": … }, others as it is`,
    help: () => 'describe an object, so that all clients see the same: { "type": "object", … }',
    explain:
      "Structured results are objects in 2025-06-18 and 2025-11-25, and any JSON from 2026-07-28 on. An `outputSchema` that may describe another type than an object, such as a list, is therefore listed to older clients as an object with the property `result`, and their results have the same form. The lock file has that form as `olderOutputSchema`. A `$ref`, `allOf`, or union is followed: only what may be another type is wrapped.",
  }),
  "schema/unsupported-dialect": define<{ dialect: string }>({
    severity: "error",
    message: ({ dialect }) => `the dialect ${quote(dialect)} is not supported`,
    help: () => "use 2020-12 (the default), 2019-09 or draft-07",
    explain:
      "`$schema` names a dialect that mcpc cannot check. The protocol's own is JSON Schema 2020-12, which applies if `$schema` is absent; 2019-09 and draft-07 are supported too.",
  }),
};
