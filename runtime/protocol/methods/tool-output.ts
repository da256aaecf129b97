import type {} from "../parts.js";
import { blocksContent, isContentBlock, textContent } from "../content.js";
import type { View } from "../exchange.js";
import { explain } from "../explain.js";
import { isObject } from "../json-rpc.js";
import { isPlainJson } from "../plain-json.js";
import { seal, wrongOutput } from "../results.js";
import type { ToolSurface, Validator } from "../surface.js";
import type { JsonObject } from "../types.js";
import { declaredContent } from "./tool-text.js";

/** The members of a tool that decide the form of its structured output. */
export type OutputForm = Pick<ToolSurface, "wraps" | "text">;

/** A result that formats itself. The formatting is not bundled unless the code creates such results. */
export interface ComposedOutput {
  toToolResult(view: View, validate: Validator | undefined, form: OutputForm): string;
}

/** Formats a handler's output as a result. Throws for an invalid output. */
export function outputText(view: View, output: unknown, validate: Validator | undefined, form: OutputForm): string {
  const composed = output as Partial<ComposedOutput> | null | undefined;
  if (typeof composed?.toToolResult === "function") return composed.toToolResult(view, validate, form);
  return globalThis.mcpcWithoutOutputs || validate === undefined
    ? unstructured(view, output)
    : structured(view, form, structuredText(validate, output));
}

export function unstructured(view: View, output: unknown): string {
  if (typeof output === "string") return seal(view, textContent(output));
  if (Array.isArray(output)) return seal(view, blocksContent(view, output));
  if (isContentBlock(output)) return seal(view, blocksContent(view, [output]));
  if (isObject(output) && Array.isArray(output["content"])) return fullResult(view, output, output["content"]);
  throw wrongOutput('a string, content blocks, or an object whose "content" is an array of them', output);
}

/** Validates and serialises a value. */
export function structuredText(validate: Validator, output: unknown): string {
  const json = JSON.stringify(output) as string | undefined;
  if (json === undefined) throw wrongOutput("a JSON value", output);
  // Validates exactly the value that is sent.
  if (!validate(isPlainJson(output) ? output : JSON.parse(json))) {
    throw new TypeError(explain(validate.errors ?? [], "output"));
  }
  return json;
}

/** Formats a value as structured content, and as text. */
export function structured(view: View, form: OutputForm, json: string): string {
  return seal(view, structuredAsText(view, form, json) + structuredMember(view, form, json));
}

/** Formats the text beside structured content; the JSON for clients without support for structured content. */
export function structuredAsText(view: View, { text }: OutputForm, json: string): string {
  return globalThis.mcpcWithoutTexts || text === undefined || view.revision.structuredContent === "none"
    ? textContent(json)
    : declaredContent(text, json);
}

/** Formats a value as a further member of a result. `wraps`: older revisions get it as an object's `result`. */
export function structuredMember(view: View, { wraps }: OutputForm, json: string): string {
  switch (view.revision.structuredContent) {
    case "any":
      return `,"structuredContent":${json}`;
    case "objects":
      return `,"structuredContent":${wraps ? `{"result":${json}}` : json}`;
    case "none":
      return "";
  }
}

/** Formats a complete result from a handler. */
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

/** Answers for a handler that has thrown any value. Never throws. */
