import { unsupported } from "../../compiler/2-check/unsupported.js";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a JSON Schema, walked by its keywords */
type Schema = any;

interface Section {
  readonly path: string;
  readonly schema: Schema;
}

/** `docs/manifest.md`: every field of the manifest language, from `mcp.schema.json`. */
export function manifestReference(schema: Schema): string {
  const shared = (node: Schema): string | undefined => /^#\/\$defs\/(\w+)$/.exec(node?.$ref ?? "")?.[1];
  const resolved = (node: Schema): Schema => {
    const name = shared(node);
    return name === undefined ? node : { ...resolved(schema.$defs[name]), ...node };
  };
  const written = new Set<string>();

  /** What has fields of its own, below a field: the field itself, its items, or what its free names hold. */
  const below = (path: string, declared: Schema): Section | undefined => {
    const node = resolved(declared);
    const inner = [
      { name: shared(declared), suffix: "", schema: node },
      { name: shared(declared) ?? shared(node.items), suffix: "[]", schema: resolved(node.items) },
      { name: undefined, suffix: ".NAME", schema: resolved(node.additionalProperties) },
    ].find((candidate) => propertiesOf(candidate.schema).length > 0);
    // What several fields share is written once, under its own name.
    if (inner?.name !== undefined && ofVariables.includes(inner.name))
      return { path: "variable", schema: schema.$defs.variable };
    const once = inner?.name !== undefined && ["icons", "annotations"].includes(inner.name);
    return inner && { path: (once ? inner.name : path) + inner.suffix, schema: inner.schema };
  };

  /** What an object is in each of its cases, under the name of that. */
  const cases = (node: Schema): Section[] =>
    (node.allOf ?? []).flatMap(({ then }: Schema) => {
      const name = shared(then);
      return name === undefined ? [] : [{ path: name, schema: resolved(then) }];
    });

  const section = ({ path, schema: node }: Section): string[] => {
    if (written.has(path)) return [];
    written.add(path);
    const inner: Section[] = [];
    const rows = propertiesOf(node).map(([name, declared, required]) => {
      const field = path === "" ? name : `${path}.${name}`;
      const lower = below(field, declared);
      if (lower) inner.push(lower);
      const { description = "", ...type } = resolved(declared);
      const label = lower ? `[\`${name}\`](#${anchor(lower.path)})` : `\`${name}\``;
      const takes = typeText(type, resolved) + (required ? ", required" : "");
      const absent = isUnsupported(field) ? " *Not in this version: an error.*" : "";
      return `| ${label} | ${cell(takes)} | ${cell(description)}${absent} |\n`;
    });
    const heading = `${"#".repeat(path.includes(".") ? 3 : 2)} \`${path}\`\n`;
    const table = `| Field | Takes | Meaning |\n|---|---|---|\n${rows.join("")}`;
    return [
      ...(path === "" ? [] : [heading, ...(node.description === undefined ? [] : [`${node.description}\n`])]),
      table,
      ...[...inner, ...cases(node)].flatMap(section),
    ];
  };

  const variable = section({ path: "variable", schema: schema.$defs.variable });
  return [
    "# The manifest, field by field\n",
    `${schema.description} (Here is [a first one](../README.md#five-minutes).)\n`,
    "Made from [`mcp.schema.json`](../mcp.schema.json), which editors show as you type.\n",
    ...section({ path: "", schema }),
    // Other fields lead there.
    ...variable,
  ].join("\n");
}

/** What may be `{ "env": NAME }`. */
const ofVariables: readonly string[] = ["variable", "sourced", "fromEnvironment"];

type Property = readonly [name: string, schema: Schema, required: boolean];

/** The fields of an object, those of its alternatives included. */
function propertiesOf(node: Schema): Property[] {
  const found = new Map<string, Property>();
  const required = new Set<string>(node?.required ?? []);
  for (const [name, property] of Object.entries(node?.properties ?? {}))
    found.set(name, [name, property, required.has(name)]);
  for (const branch of [...(node?.anyOf ?? []), ...(node?.oneOf ?? []), ...(node?.allOf ?? [])]) {
    for (const [name, property] of propertiesOf(branch)) {
      if (!found.has(name)) found.set(name, [name, property, false]);
    }
  }
  return [...found.values()];
}

function typeText(node: Schema, resolved: (node: Schema) => Schema): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value: unknown) => `\`${JSON.stringify(value)}\``).join(" or ");
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
    .map(resolved)
    .filter((branch: Schema) => branch.type ?? branch.enum);
  if (node.type === undefined && branches.length > 0)
    return [...new Set(branches.map((branch: Schema) => typeText(branch, resolved)))].join(" or ");
  const types = [node.type ?? "anything"].flat() as string[];
  return types.map((type) => (type === "array" ? listText(node, resolved) : type)).join(" or ") + bounds(node);
}

function listText(node: Schema, resolved: (node: Schema) => Schema): string {
  return node.items === undefined ? "list" : `list of ${typeText(resolved(node.items), resolved)}`;
}

function bounds({ minimum, maximum, pattern }: Schema): string {
  const within =
    minimum !== undefined && maximum !== undefined
      ? `, ${minimum} to ${maximum}`
      : minimum !== undefined
        ? `, at least ${minimum}`
        : maximum !== undefined
          ? `, at most ${maximum}`
          : "";
  return within + (pattern === undefined ? "" : `, matching \`${pattern}\``);
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function anchor(path: string): string {
  return path.toLowerCase().replace(/[^\p{L}\p{N}_-]/gu, "");
}

function isUnsupported(path: string): boolean {
  const [, section = "", field = ""] = /^(\w+)(?:\[\])?\.(\w+)$/.exec(path) ?? [];
  return unsupported[section]?.includes(field) === true;
}
