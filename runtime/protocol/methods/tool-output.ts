import type {} from "../parts.js";
import { blocksContent, isContentBlock, textContent } from "../content.js";
import type { View } from "../exchange.js";
import { explain } from "../explain.js";
import { isObject } from "../json-rpc.js";
import { isPlainJson } from "../plain-json.js";
import { seal, wrongOutput } from "../results.js";
import type { Validator } from "../surface.js";
import type { JsonObject } from "../types.js";

/** A result that sets itself: code that makes none leaves how out of the bundle. */
export interface ComposedOutput {
  toToolResult(view: View, validate: Validator | undefined, wraps: boolean): string;
}

/** Writes what a handler returned as a result in JSON; throws for what is none. */
export function outputText(view: View, output: unknown, validate: Validator | undefined, wraps: boolean): string {
  const composed = output as Partial<ComposedOutput> | null | undefined;
  if (typeof composed?.toToolResult === "function") return composed.toToolResult(view, validate, wraps);
  return globalThis.mcpcWithoutOutputs || validate === undefined
    ? unstructured(view, output)
    : structured(view, wraps, structuredText(validate, output));
}

export function unstructured(view: View, output: unknown): string {
  if (typeof output === "string") return seal(view, textContent(output));
  if (Array.isArray(output)) return seal(view, blocksContent(view, output));
  if (isContentBlock(output)) return seal(view, blocksContent(view, [output]));
  if (isObject(output) && Array.isArray(output["content"])) return fullResult(view, output, output["content"]);
  throw wrongOutput('a string, content blocks, or an object whose "content" is an array of them', output);
}

/** The value as it leaves, checked. */
export function structuredText(validate: Validator, output: unknown): string {
  const json = JSON.stringify(output) as string | undefined;
  if (json === undefined) throw wrongOutput("a JSON value", output);
  // What is checked is what leaves.
  if (!validate(isPlainJson(output) ? output : JSON.parse(json))) {
    throw new TypeError(explain(validate.errors ?? [], "output"));
  }
  return json;
}

/** A value as structured content, and as text for clients that know no better. */
export function structured(view: View, wraps: boolean, json: string): string {
  return seal(view, textContent(json) + structuredMember(view, wraps, json));
}

/** A value as a member of a result, after others. `wraps`: it is listed as an object's `result` to older revisions. */
export function structuredMember(view: View, wraps: boolean, json: string): string {
  switch (view.revision.structuredContent) {
    case "any":
      return `,"structuredContent":${json}`;
    case "objects":
      return `,"structuredContent":${wraps ? `{"result":${json}}` : json}`;
    case "none":
      return "";
  }
}

/** A whole result, as a handler gives it. */
export function fullResult(view: View, result: JsonObject, content: readonly unknown[]): string {
  let members = blocksContent(view, content);
  const { structuredContent: value, isError, _meta: meta } = result;
  const accepts = view.revision.structuredContent;
  if (value !== undefined && accepts !== "none") {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw wrongOutput("a JSON value as structuredContent", value);
    members += `,"structuredContent":${accepts === "any" || json.startsWith("{") ? json : `{"result":${json}}`}`;
  }
  if (isError === true) members += ',"isError":true';
  return seal(view, members, isObject(meta) ? meta : undefined);
}

/** Answers for a handler that has thrown, whatever that is. Never throws. */
