import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse, type ParseError } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../compiler/diagnostics/catalogue.js";
import { rules } from "../../compiler/diff/rules.js";
import { documents, root, textOf } from "../house/documents.js";
import { serverOf } from "./clients.js";
import { cli } from "./project.js";

/** The code spans of a page, outside of its blocks. */
const spansOf = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)].map(([, , span]) =>
    span!.trim().replaceAll("\\|", "|"),
  );

const help = (...command: string[]): string =>
  execFileSync(process.execPath, [...command, "--help"], { encoding: "utf8" });
const optionsIn = (text: string): string[] => [...text.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option);

const commands = [...help(cli).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
const compilerOptions = new Map(
  commands.map((name) => [name, optionsIn(help(cli, ...(name === "help" ? [] : [name])))]),
);
const serverOptions = optionsIn(help(serverOf("pooled")));
const npmOwn = ["install", "publish", "test", "version"];
const scripts = [
  ...npmOwn,
  ...["package.json", "fixtures/weather/package.json"].flatMap((path) => Object.keys(JSON.parse(textOf(path)).scripts)),
];
const { exports } = JSON.parse(textOf("runtime/package.json"));
const schema = JSON.parse(textOf("mcp.schema.json"));
/** All that `mcpc explain` knows. */
const explained = { ...catalogue, ...rules };

const sources = ["compiler", "runtime", "test"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/(^|\/)(dist|node_modules|fixtures)\//.test(path))
    .map((path) => `${folder}/${path}`),
);
const code = sources
  .filter((path) => !path.includes("document-names"))
  .map(textOf)
  .join("\n");
const benchmarks = sources
  .filter((path) => path.startsWith("test/bench/"))
  .map(textOf)
  .join("\n");
const handlers = textOf("runtime/protocol/handlers.ts");

/** The members that a schema of the manifest language has below itself, through references, lists and unions. */
function below(node: any): any[] {
  if (typeof node !== "object" || node === null) return [];
  if (node.$ref !== undefined)
    return below(
      node.$ref
        .slice(2)
        .split("/")
        .reduce((at: any, key: string) => at[key], schema),
    );
  const parts = [
    node.items,
    node.additionalProperties,
    ...["anyOf", "oneOf", "allOf"].flatMap((key) => node[key] ?? []),
  ];
  return [node, ...parts.flatMap(below)];
}
const isPlaceholder = (name: string): boolean => /^[A-Z]+$/.test(name);
const isField = (path: string): boolean =>
  path
    .split(".")
    .reduce(
      (at, name) =>
        at.flatMap((node) => below(isPlaceholder(name) ? node.additionalProperties : node.properties?.[name])),
      below(schema),
    ).length > 0;

/** Names that pages mention, by kind, and how to tell that there is such a one. */
const kinds: readonly [kind: string, pattern: RegExp, isKnown: (...groups: string[]) => boolean][] = [
  [
    "command of mcpc",
    /^(?:npx )?mcpc ([a-z]+)(.*)$/,
    (name, rest) =>
      commands.includes(name!) && optionsIn(rest!).every((option) => compilerOptions.get(name!)!.includes(option)),
  ],
  [
    "option of the server",
    /^node (?:\S*\/)?dist\/server\.js(.*)$/,
    (rest) => optionsIn(rest!).every((option) => serverOptions.includes(option)),
  ],
  [
    "option",
    /^(--[a-z][a-z-]*)(?: [A-Z=]+| \w+(?:\|\w+)*)?$/,
    (option) =>
      [...serverOptions, ...[...compilerOptions.values()].flat()].includes(option!) ||
      benchmarks.includes(option!.slice(2)),
  ],
  [
    "script",
    /^npm (?:run )?([a-z]+)(?: -- (.*))?$/,
    (name, rest = "") =>
      scripts.includes(name!) && optionsIn(rest).every((option) => benchmarks.includes(option.slice(2))),
  ],
  ["environment variable", /\b(MCPC_[A-Z_]+)\b/, (name) => code.includes(name!)],
  [
    "file of the repository",
    /^((?:compiler|runtime|test|fixtures|docs)\/[\w./-]+)$/,
    (path) => path! in explained || existsSync(join(root, path!)),
  ],
  ["test", /^([\w-]+\.test\.ts)$/, (name) => sources.some((path) => path.endsWith(`/${name}`))],
  [
    "module",
    /^@mcpc\/runtime(\/[\w/]+)?$/,
    (path = "") =>
      Object.keys(exports).some((each) => new RegExp(`^${each.slice(1).replace("*", "\\w+")}$`).test(path)),
  ],
  [
    "diagnostic",
    /^([a-z]+\/[a-z-]+)$/,
    (name) => name! in explained || !Object.keys(explained).some((each) => each.startsWith(`${name!.split("/")[0]}/`)),
  ],
  ["field of a manifest", /^((?:runtime|build|server)\.(?!js\b|log)\w+(?:\.\w+)*)$/, (path) => isField(path!)],
  [
    "member of the context",
    /^(?:await )?context\.(\w+)/,
    (name) => ["config", "state", "uri", "arguments"].includes(name!) || handlers.includes(`readonly ${name}:`),
  ],
];

/** Every property of the manifest language, by its name. */
const properties = new Map<string, any[]>();
(function collect(node: any): void {
  if (typeof node !== "object" || node === null) return;
  for (const [name, property] of Object.entries(node.properties ?? {}))
    if (typeof property === "object") properties.set(name, [...(properties.get(name) ?? []), property]);
  Object.values(node).forEach(collect);
})(schema);

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(schema, "manifest");
const accepts = (property: any, value: unknown): boolean =>
  ajv.validate(JSON.parse(JSON.stringify(property).replaceAll('"#/', '"manifest#/')), value);

/** Members that pages mention and that are none of a manifest. */
const otherMembers: readonly string[] = [
  // of JSON Schema
  ...["$ref", "type", "limit", "format", "writeOnly"],
  // of a client's configuration
  ...["command", "args", "url"],
  // of an answer
  ...["status", "checks", "store", "result"],
  // of a value that is only an example
  ...["a"],
];

/** What is wrong with a span that is JSON: it does not parse, or no field of a manifest takes one of its members. */
function jsonFault(span: string): string | undefined {
  if (!/^(?:\{ ?)?"[^"]+": ?\S/.test(span)) return undefined;
  // "…" stands for any value, and so does a word in capitals.
  const text = span.replace(/…|(?<=: )[A-Z]+\b/g, "0");
  const isPartial = text !== span;
  const errors: ParseError[] = [];
  const value = parse(text.startsWith("{") ? text : `{${text}}`, errors, { allowTrailingComma: true });
  if (errors.length > 0) return "does not parse";
  const refused = Object.entries(value).filter(
    ([name, member]) =>
      !otherMembers.includes(name) && !properties.get(name)?.some((property) => isPartial || accepts(property, member)),
  );
  return refused.length > 0 ? `no field takes ${refused.map(([name]) => name)}` : undefined;
}

/** Names in pages that nothing has. */
const unknownIn = (markdown: string): string[] =>
  spansOf(markdown).flatMap((span) =>
    kinds.flatMap(([kind, pattern, isKnown]) => {
      const match = pattern.exec(span);
      return match === null || isKnown(...match.slice(1)) ? [] : [`${kind}: ${span}`];
    }),
  );

describe.each(documents)("%s", (document) => {
  test("has no JSON in its sentences that a manifest could not have", () => {
    const faults = spansOf(textOf(document)).map((span) => [span, jsonFault(span)]);
    expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
  });

  test("names what there is", () => {
    expect(unknownIn(textOf(document))).toEqual([]);
  });
});

test("every option is on a page", () => {
  const pages = documents.map(textOf).join("\n");
  const options = new Set([...serverOptions, ...[...compilerOptions.values()].flat()]);
  expect([...options].filter((option) => !new RegExp(`${option}\\b(?!-)`).test(pages))).toEqual([]);
});

/** Where the members of what handlers, hooks and tests get are listed for people. */
const listed: readonly [file: string, interfaces: readonly string[], page: string, part?: RegExp][] = [
  ["protocol/handlers.ts", ["Context", "ToolContext"], "docs/tools.md", /^## What the context holds$[^]*?^## /m],
  ["protocol/handlers.ts", ["Context", "ToolContext"], "README.md", /^The \[context\].*$/m],
  ["protocol/hooks.ts", ["Application"], "docs/tools.md", /^## What the context holds$[^]*?^## /m],
  ["protocol/hooks.ts", ["Hooks"], "docs/hooks.md"],
  ["protocol/hooks.ts", ["StartContext"], "docs/pooled-clients.md"],
  ["protocol/hooks.ts", ["FailureContext"], "docs/errors.md"],
  ["protocol/hooks.ts", ["SessionContext"], "docs/sessions.md"],
  ["protocol/auth.ts", ["Credentials"], "docs/authentication.md"],
  ["testing/client.ts", ["ClientOptions", "ResourcesOf", "Client"], "docs/testing.md"],
  ["testing/answers.ts", ["Answers"], "docs/testing.md"],
  ["testing/conversation.ts", ["ConversationOptions"], "docs/testing.md"],
  ["testing/memory.ts", ["MemoryOptions"], "docs/testing.md"],
  ["testing/events.ts", ["Events"], "docs/testing.md"],
  ["testing/surface.ts", ["CallOptions"], "docs/testing.md"],
  ["node/testing/start-server.ts", ["StartOptions", "RunningServer"], "docs/testing.md"],
];

/** The members of an interface, or of an object type. */
function membersOf(file: string, name: string): string[] {
  const declared = new RegExp(`^export (?:interface|type) ${name}\\b[^]*?\\{\\n([^]*?)^\\}`, "m");
  const [, body] = declared.exec(textOf(`runtime/${file}`))!;
  return [...body!.matchAll(/^ {2}(?:readonly )?(\w+)[?]?(?:<[^>]*>)?[:(]/gm)].map(([, member]) => member!);
}

test.each(listed)("every member of %s %s is in %s", (file, interfaces, page, part) => {
  const members = interfaces.flatMap((name) => membersOf(file, name));
  expect(members).not.toEqual([]);
  const [text] = part === undefined ? [textOf(page)] : part.exec(textOf(page))!;
  expect(members.filter((member) => !new RegExp(`\`[^\`\n]*\\b${member}\\b`).test(text!))).toEqual([]);
});

test("a name that nothing has is found, of each kind", () => {
  const wrong = [
    "mcpc buidl",
    "npx mcpc check --fast",
    "node /path/to/dist/server.js --transprt http",
    "--log-levels",
    "npm run quickstrat",
    "npm run soak -- --minuets 2",
    "MCPC_TRANSPORTS_OF_ALL",
    "test/e2e/nowhere.test.ts",
    "nowhere.test.ts",
    "@mcpc/runtime/tests",
    "schema/no-such-thing",
    "runtime.limits.timeout",
    "context.sessions",
  ];
  expect(wrong.filter((span) => unknownIn(`a \`${span}\` b`).length === 0)).toEqual([]);
  const right = [
    "mcpc build --rename OLD=NEW",
    "--port PORT",
    "runtime.limits.timeoutMs",
    "runtime.config.properties.NAME",
  ];
  expect(right.flatMap((span) => unknownIn(`a \`${span}\` b`))).toEqual([]);
  // A block is not searched.
  expect(unknownIn("```sh x\nmcpc `mcpc buidl`\n```\n")).toEqual([]);
  const json = [
    '"sessions": "no"',
    '{ "healthy": true }',
    '"limits": { "rate": 5 }',
    '"complete": { "a": 1 ',
    '{ "file" }: 2',
  ];
  expect(json.filter((span) => jsonFault(span) === undefined)).toEqual(['{ "file" }: 2']);
});
