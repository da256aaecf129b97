import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { isSecretName } from "../json-schema/secret-names.js";
import { subschemas } from "../json-schema/walk.js";
import type { Located, LocatedObject } from "../model/source.js";

/** Reports a header name outside a tool's `inputSchema`: a `$ref` does not transfer the header. */
export function refuseHeaders(schema: Located, diagnostics: Diagnostic[]): void {
  for (const each of subschemas(schema)) {
    const header = child(each, "x-mcp-header");
    const reason = 'only works in a tool\'s "inputSchema" itself, not in what it refers to';
    if (header) diagnostics.push(diagnose("schema/invalid-header", header.span, { reason }));
  }
}

/** Checks the authoring rules of `x-mcp-header` (MCP 2026-07-28, tools: header parameters). */
export function checkHeaders(input: Located, diagnostics: Diagnostic[]): void {
  const reachable = new Map(argumentsOf(input));
  const names = new Map<string, Located>();
  for (const schema of subschemas(input)) {
    const header = child(schema, "x-mcp-header");
    if (!header) continue;
    const report = (reason: string, related: Diagnostic["related"] = []): void =>
      void diagnostics.push(diagnose("schema/invalid-header", header.span, { reason }, related));
    if (typeof header.value !== "string" || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header.value)) {
      report("must be a header name: letters, digits and hyphens");
      continue;
    }
    if (!reachable.has(schema)) report('only works on arguments that are reached through "properties" alone');
    const type = child(schema, "type")?.value;
    if (!["string", "integer", "boolean"].includes(String(type)))
      report('needs an argument whose "type" is "string", "integer" or "boolean"');
    const unsafe =
      type === "integer" ? boundaries(schema).find(({ value }) => Math.abs(Number(value)) > maxInteger) : undefined;
    if (unsafe)
      report(`cannot carry integers beyond ±${maxInteger}`, [{ span: unsafe.span, message: "which this allows" }]);
    const argument = reachable.get(schema) ?? "";
    if (
      child(schema, "writeOnly")?.value === true ||
      child(schema, "format")?.value === "password" ||
      isSecretName(argument)
    )
      diagnostics.push(diagnose("schema/secret-header", header.span, { argument, header: header.value }));
    const earlier = names.get(header.value.toLowerCase());
    if (earlier) report("names the same header twice", [{ span: earlier.span, message: "first here" }]);
    else names.set(header.value.toLowerCase(), header);
  }
}

/** The largest integer that every client represents exactly. */
const maxInteger = Number.MAX_SAFE_INTEGER;

/** Returns the numbers that a schema of integers contains. */
function boundaries(schema: Located): Located[] {
  const values = child(schema, "enum");
  const keywords = ["const", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
  const named = keywords.map((keyword) => child(schema, keyword)).filter((node) => node !== undefined);
  return [...named, ...(values?.kind === "array" ? values.items : [])];
}

/** Yields the schemas of arguments with their names. */
function* argumentsOf(schema: Located): Generator<[schema: LocatedObject, name: string]> {
  const properties = child(schema, "properties");
  if (properties?.kind !== "object") return;
  for (const { key, node } of properties.members) {
    if (node.kind !== "object") continue;
    yield [node, key];
    yield* argumentsOf(node);
  }
}
