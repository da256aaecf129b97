import { blocksContent, textContent } from "./content.js";
import type { View } from "./exchange.js";
import type { ResultOptions, ToolResult } from "./handlers.js";
import { isObject } from "./json-rpc.js";
import {
  structuredAsText,
  structuredMember,
  structuredText,
  fullResult,
  type ComposedOutput,
  type OutputForm,
} from "./methods/tool-output.js";
import { seal } from "./results.js";
import type { Validator } from "./surface.js";
import type { JsonObject } from "./types.js";

/** The result that `result` creates. It is not bundled unless the code creates such results. */
export class ComposedResult implements ComposedOutput {
  readonly value: unknown;
  readonly options: ResultOptions;
  /** Whether `toToolResult` makes a failure of the value. */
  isRefused?(validate: Validator): boolean;

  constructor(value: unknown, options: ResultOptions) {
    this.value = value;
    this.options = options;
  }

  /** Formats the result of a tool as JSON text. Throws if its `outputSchema` refuses the value. */
  toToolResult(view: View, validate: Validator | undefined, form: OutputForm): string {
    const { value, options } = this;
    const { content, isError, _meta: meta } = options;
    const blocks = content === undefined ? undefined : blocksOf(content);
    if (validate === undefined) {
      const rest: JsonObject = isObject(value) ? value : {};
      const own = Array.isArray(rest["content"]) ? (rest["content"] as readonly unknown[]) : undefined;
      return fullResult(view, { ...(own && rest), ...(options as JsonObject) }, blocks ?? own ?? blocksOf(value));
    }
    const json = value === undefined && isError === true ? undefined : structuredText(validate, value);
    let members =
      blocks !== undefined
        ? blocksContent(view, blocks)
        : json === undefined
          ? textContent("")
          : structuredAsText(view, form, json);
    if (json !== undefined) members += structuredMember(view, form, json);
    if (isError === true) members += ',"isError":true';
    return seal(view, members, isObject(meta) ? meta : undefined);
  }
}

function blocksOf(content: unknown): readonly unknown[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content : [content];
}

/**
 * Creates a value for a handler to return, with separate content, `_meta` or `isError`. A failure needs no value:
 * `result(undefined, { isError: true, content: "…" })`.
 */
export function result(value: undefined, options: ResultOptions & { readonly isError: true }): ToolResult<never>;
export function result<T>(value: T, options?: ResultOptions): ToolResult<T>;
export function result<T>(value: T, options: ResultOptions = {}): ToolResult<T> {
  return new ComposedResult(value, options) as unknown as ToolResult<T>;
}

/** Prefix of the cached form of such a result. No JSON starts with it. */
const mark = "+";

/** Returns the text for the cache; `undefined` for a failure, which is not cached. */
export function composedText(result: ComposedResult, validate?: Validator): string | undefined {
  const { value, options } = result;
  if (options.isError === true) return undefined;
  if (validate !== undefined) {
    if (result.isRefused?.(validate) === true) return undefined;
    structuredText(validate, value);
  }
  return mark + JSON.stringify({ value, options });
}

/** Restores a result from its cached text; `undefined` for another kind of text. */
export function composedResult(kept: string): ComposedResult | undefined {
  if (!kept.startsWith(mark)) return undefined;
  const { value, options } = JSON.parse(kept.slice(mark.length)) as ComposedResult;
  return new ComposedResult(value, options);
}
