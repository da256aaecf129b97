import { McpError } from "../protocol/errors.js";
import { isObject } from "../protocol/json-rpc.js";
import type { JsonObject } from "../protocol/types.js";
import { text } from "./text.js";
import type { Content } from "./surface.js";

/** An `isError` result: a failure that the model can read. */
export class ToolError extends Error {
  /** The code of an error that the manifest declares. */
  readonly code: string | undefined;
  /** The parameters that the handler gave the declared error. */
  readonly data: unknown;
  readonly content: Content;

  constructor(result: JsonObject, cause: Error | undefined) {
    const content = (result["content"] ?? []) as unknown as Content;
    super(text(content), cause && { cause });
    this.name = "ToolError";
    this.content = content;
    const declared = isObject(result["_meta"]) ? result["_meta"]["mcpc/error"] : undefined;
    this.code = isObject(declared) ? String(declared["code"]) : undefined;
    this.data = isObject(declared) ? declared["data"] : undefined;
  }
}

type Explain = (errorId: string) => string | undefined;

/** Creates the error of a tool, with the explanation in the server's log as its cause. */
export function toolError(result: JsonObject, explain: Explain): ToolError {
  const plain = new ToolError(result, undefined);
  const id = /^internal error ([\da-f]{8});/.exec(plain.message)?.[1];
  const cause = causeOf(id, explain);
  return cause === undefined ? plain : new ToolError(result, cause);
}

export function protocolError(error: unknown, explain: Explain): McpError {
  const { code, message, data } = isObject(error) ? error : {};
  const result = new McpError(Number(code), String(message), data);
  const cause = causeOf(isObject(data) ? data["errorId"] : undefined, explain);
  if (cause !== undefined) result.cause = cause;
  return result;
}

/** Returns the handler's own error with its stack. */
function causeOf(errorId: unknown, explain: Explain): Error | undefined {
  const logged = typeof errorId === "string" ? explain(errorId) : undefined;
  if (logged === undefined) return undefined;
  const cause = new Error(logged.split("\n", 1)[0]);
  cause.stack = logged;
  return cause;
}
