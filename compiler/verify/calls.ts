import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { absoluteSpan } from "../diagnostics/absolute.js";
import { cut, quote } from "../diagnostics/catalogue/definition.js";
import type { CompiledManifests } from "../compile-manifests.js";
import type { Conversation } from "../diff/client.js";
import { Refused } from "../diff/connection.js";
import { isObject } from "../diff/schemas/classes.js";
import { validatorOf } from "../diff/schemas/validators.js";
import { NoSide } from "../diff/surface.js";
import type { JsonSchema } from "../model/schema.js";
import type { Example, Tool } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import { judge, type ExampleFailure, type ExampleRun } from "../testing/example.js";

/** Results of the calls of examples. */
export interface CallReport {
  readonly diagnostics: readonly Diagnostic[];
  readonly called: number;
  /** Number of examples that were not called, since their tools are not marked as read-only. */
  readonly skipped: number;
}

/** Calls the examples of read-only tools one by one, and compares the results. */
export async function callExamples(
  { server, offsets }: CompiledManifests,
  conversation: Conversation,
): Promise<CallReport> {
  const diagnostics: Diagnostic[] = [];
  let [called, skipped] = [0, 0];
  for (const tool of server.tools) {
    const { annotations } = tool.listing;
    const isReadOnly = isObject(annotations) && annotations["readOnlyHint"] === true;
    if (!isReadOnly) skipped += tool.examples.length;
    else
      for (const example of tool.examples) {
        called++;
        const reply = await call(tool, example, conversation);
        const { failure, name } = judge(tool, example, { reply, durationMs: 0 });
        const reason = failure ? reasonOf(failure) : refusal(tool, reply);
        if (reason === undefined) continue;
        const span = absoluteSpan(example.span, offsets);
        const shown = example.description === undefined ? name : quote(name);
        diagnostics.push(diagnose("drift/result", span, { tool: tool.name, example: shown, reason }));
      }
  }
  return { diagnostics, called, skipped };
}

type Reply = ExampleRun["reply"];

async function call(tool: Tool, example: Example, conversation: Conversation): Promise<Reply> {
  const { name } = tool;
  const headers = { "mcp-name": headerValue(name), ...parameterHeaders(tool, example.arguments) };
  try {
    const result = await conversation.request("tools/call", { name, arguments: example.arguments }, { headers });
    return replyOf(tool, result, conversation.revision !== undefined);
  } catch (error) {
    if (error instanceof Refused) return { error: { message: `${error.message} (${error.code})` } };
    if (error instanceof NoSide) return { lost: error.message };
    throw error;
  }
}

function replyOf(tool: Tool, result: JsonObject, isOlder: boolean): Reply {
  const { content, structuredContent, resultType = "complete", _meta } = result;
  if (resultType !== "complete") return { lost: `it answers with ${JSON.stringify(resultType)}, not with a result` };
  if (result["isError"] === true) {
    const message = textOf(content);
    const error = isObject(_meta) ? _meta["mcpc/error"] : undefined;
    const code = isObject(error)
      ? String(error["code"])
      : tool.errors.find((each) => matches(each.message, message))?.code;
    return { error: { message, ...(code !== undefined && { code }) } };
  }
  if (!tool.output) return { result: content ?? [] };
  if (structuredContent === undefined) return { lost: "it returned no structured content" };
  const isWrapped = tool.wraps === true && isOlder && isObject(structuredContent);
  return { result: (isWrapped ? structuredContent["result"] : structuredContent) ?? null };
}

function textOf(content: Json | undefined): string {
  const blocks = Array.isArray(content) ? (content as readonly Json[]) : [];
  return blocks
    .flatMap((block) => (isObject(block) && typeof block["text"] === "string" ? [block["text"]] : []))
    .join("\n");
}

/** Whether a text can come from a template with placeholders in braces: servers of other makes send only the text. */
function matches(template: string, text: string): boolean {
  const parts = template.split(/\{\w+\}/);
  if (parts.length === 1) return template === text;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === parts.length - 1 ? text.length - part.length : text.indexOf(part, at);
    if (found < at || (index === 0 && found !== 0) || !text.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return true;
}

/** Returns why the manifest's output schema refuses a result. */
function refusal(tool: Tool, reply: Reply): string | undefined {
  if (!tool.output || !("result" in reply)) return undefined;
  const isValid = validatorOf(tool.output.schema as JsonSchema)(reply.result as Json);
  return isValid ? undefined : `it returned what the tool's outputSchema refuses: ${cut(JSON.stringify(reply.result))}`;
}

function reasonOf({ reason, difference }: ExampleFailure): string {
  const values = difference && [difference.expected, difference.got].map((value) => cut(JSON.stringify(value)));
  return values ? `${reason}: expected ${values[0]}, got ${values[1]}` : reason;
}

/** Returns the headers for arguments with `x-mcp-header`. */
function parameterHeaders({ headers }: Tool, input: JsonObject): Record<string, string> {
  const found = headers.flatMap(({ header, path }) => {
    let value: Json | undefined = input;
    for (const name of path) value = isObject(value) ? value[name] : undefined;
    return value === undefined || value === null ? [] : [[`mcp-param-${header}`, headerValue(String(value))] as const];
  });
  return Object.fromEntries(found);
}

/** Encodes a text that a header cannot contain as it is. */
function headerValue(text: string): string {
  const isPlain = /^[\x20-\x7e\t]*$/.test(text) && text === text.trim() && !/^=\?base64\?.*\?=$/.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}
