import { isDeepStrictEqual } from "node:util";
import type { ExampleReply } from "@mcpc/runtime/codegen/v1/examples";
import type { Example, Tool } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

/** The outcome of an example, and its duration. `lost` is the reason for a missing answer. */
export interface ExampleRun {
  readonly reply: ExampleReply | { readonly lost: string };
  readonly durationMs: number;
}

/** A judged example. */
export interface ExampleResult {
  readonly tool: string;
  readonly name: string;
  readonly example: Example;
  readonly durationMs: number;
  /** Absent if the result is as expected. */
  readonly failure?: ExampleFailure;
}

export interface ExampleFailure {
  /** One sentence, lower case. */
  readonly reason: string;
  /** The expected and the actual value. */
  readonly difference?: { readonly expected: Json; readonly got: Json };
  /** The stack of the handler's error, or of an uncaught one. */
  readonly stack?: string;
}

export function judge(tool: Tool, example: Example, { reply, durationMs }: ExampleRun): ExampleResult {
  const failure = failureOf(tool, example, reply);
  const name = nameOf(example);
  return { tool: tool.name, name, example, durationMs, ...(failure && { failure }) };
}

/** Returns the description of an example, or else its call. */
export function nameOf({ description, arguments: input }: Example): string {
  if (description !== undefined) return description;
  const text = JSON.stringify(input);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function failureOf(tool: Tool, { expected }: Example, reply: ExampleRun["reply"]): ExampleFailure | undefined {
  if ("lost" in reply) return { reason: reply.lost };
  if (reply.stray !== undefined) return { reason: "an exception was not caught", stack: reply.stray };
  if ("error" in reply) {
    const { code, message, stack } = reply.error;
    if (expected.kind === "error" && expected.code === code) return undefined;
    // Clients get only the id of an undeclared error.
    const text = stack === undefined ? `it failed: ${message}` : "it failed";
    const got = code === undefined ? text : `it failed with the error ${JSON.stringify(code)}: ${message}`;
    const wanted = expected.kind === "error" ? `expected the error ${JSON.stringify(expected.code)}; ` : "";
    return { reason: wanted + got, ...(stack !== undefined && { stack }) };
  }
  const got = reply.result as Json;
  if (expected.kind === "error") {
    const reason = `expected the error ${JSON.stringify(expected.code)}; it returned ${JSON.stringify(got)}`;
    return { reason };
  }
  if (expected.kind === "anything") return undefined;
  const wanted = tool.output ? expected.value : contentOf(expected.value);
  if (isDeepStrictEqual(wanted, got)) return undefined;
  return { reason: "it returned something else", difference: { expected: wanted, got } };
}

/** Converts a result without a schema from a handler's form: a text, a block, a list of blocks. */
function contentOf(value: Json): Json {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return isObject(value) ? ((value["content"] as Json | undefined) ?? [value]) : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
