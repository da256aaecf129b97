import { isDeepStrictEqual } from "node:util";
import type { ExampleReply } from "@mcpc/runtime/codegen/v1/examples";
import type { Example, Tool } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

/** The outcome of an example, and its duration. `lost`: no answer came, for a reason. */
export interface Played {
  readonly reply: ExampleReply | { readonly lost: string };
  readonly durationMs: number;
}

/** An example that was called, and judged. */
export interface Verdict {
  readonly tool: string;
  readonly name: string;
  readonly example: Example;
  readonly durationMs: number;
  /** Absent where it came out as the manifest says. */
  readonly failure?: Failure;
}

export interface Failure {
  /** One sentence, lower case. */
  readonly reason: string;
  /** Two values that should be the same. */
  readonly difference?: { readonly expected: Json; readonly got: Json };
  /** The stack of the handler's own error, or of an uncaught one. */
  readonly stack?: string;
}

export function judge(tool: Tool, example: Example, { reply, durationMs }: Played): Verdict {
  const failure = failureOf(tool, example, reply);
  const name = nameOf(example);
  return { tool: tool.name, name, example, durationMs, ...(failure && { failure }) };
}

/** The description of an example, or else its call. */
export function nameOf({ description, arguments: input }: Example): string {
  if (description !== undefined) return description;
  const text = JSON.stringify(input);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function failureOf(tool: Tool, { expected }: Example, reply: Played["reply"]): Failure | undefined {
  if ("lost" in reply) return { reason: reply.lost };
  if (reply.stray !== undefined)
    return { reason: "an exception was not caught", stack: reply.stray };
  if ("error" in reply) {
    const { code, message, stack } = reply.error;
    if (expected.kind === "error" && expected.code === code) return undefined;
    // What clients are told of an error that nobody declared is no more than its id.
    const told = stack === undefined ? `it failed: ${message}` : "it failed";
    const got = code === undefined ? told : `it failed with the error ${JSON.stringify(code)}: ${message}`;
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

/** A result without a schema is written as a handler may return it: a text, a block, a list of blocks. */
function contentOf(value: Json): Json {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return isObject(value) ? ((value["content"] as Json | undefined) ?? [value]) : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
