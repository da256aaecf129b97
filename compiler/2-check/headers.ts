import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { subschemas } from "../json-schema/walk.js";
import type { Located, LocatedObject } from "../model/source.js";

/** A header named by a schema that is no tool's `inputSchema`: a `$ref` there does not carry it along. */
export function refuseHeaders(schema: Located, diagnostics: Diagnostic[]): void {
  for (const each of subschemas(schema)) {
    const header = child(each, "x-mcp-header");
    const reason = 'only works in a tool\'s "inputSchema" itself, not in what it refers to';
    if (header) diagnostics.push(diagnose("schema/invalid-header", header.span, { reason }));
  }
}

/** Authoring rules of `x-mcp-header` (MCP 2026-07-28, tools: header parameters). */
export function checkHeaders(input: Located, diagnostics: Diagnostic[]): void {
  const reachable = new Set(argumentsOf(input));
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
    const earlier = names.get(header.value.toLowerCase());
    if (earlier) report("names the same header twice", [{ span: earlier.span, message: "first here" }]);
    else names.set(header.value.toLowerCase(), header);
  }
}

function* argumentsOf(schema: Located): Generator<LocatedObject> {
  const properties = child(schema, "properties");
  if (properties?.kind !== "object") return;
  for (const { node } of properties.members) {
    if (node.kind !== "object") continue;
    yield node;
    yield* argumentsOf(node);
  }
}
