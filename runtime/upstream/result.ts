import type { View } from "../protocol/exchange.js";
import { isObject } from "../protocol/json-rpc.js";
import { structuredMember, type OutputForm } from "../protocol/methods/tool-output.js";
import { blocksContent } from "../protocol/content.js";
import { seal } from "../protocol/results.js";
import { ComposedResult } from "../protocol/tool-result.js";
import type { Validator } from "../protocol/surface.js";
import type { Json, JsonObject } from "../protocol/types.js";

/**
 * The result of a tool as an upstream gave it. Its structured content is validated, unless the result is an error, which
 * the schema does not describe.
 */
class UpstreamToolResult extends ComposedResult {
  readonly #error: JsonObject | undefined;

  constructor({ structuredContent, content, isError, _meta }: JsonObject) {
    const blocks = (Array.isArray(content) ? content : []) as never;
    super(structuredContent, {
      content: blocks,
      ...(isError === true && { isError }),
      ...(isObject(_meta) && { _meta }),
    });
    this.#error = isError === true ? { structuredContent } : undefined;
  }

  override toToolResult(view: View, validate: Validator | undefined, form: OutputForm): string {
    const { content, _meta } = this.options;
    if (this.#error === undefined) return super.toToolResult(view, validate, form);
    const { structuredContent: value } = this.#error;
    const structured = value === undefined ? "" : structuredMember(view, form, JSON.stringify(value));
    return seal(view, `${blocksContent(view, content as readonly unknown[])}${structured},"isError":true`, _meta);
  }
}

/** Returns what a tool's handler returns for the result of an upstream. */
export function toolOutput(result: JsonObject, hasOutputSchema: boolean): unknown {
  const passed = withoutEnvelope(result);
  return hasOutputSchema ? new UpstreamToolResult(passed) : { ...passed, content: passed["content"] ?? [] };
}

/** Members of `_meta` that describe the upstream or the exchange with it. */
const ownMeta = /^io\.modelcontextprotocol\/(?:serverInfo|subscriptionId)$/;

/** Returns a result without the members that every answer has in its revision. */
export function withoutEnvelope({
  resultType: _type,
  ttlMs: _ttl,
  cacheScope: _scope,
  _meta: meta,
  ...result
}: JsonObject): JsonObject {
  if (!isObject(meta)) return result;
  const rest = Object.entries(meta).filter(([key]) => !ownMeta.test(key));
  return rest.length === 0 && Object.keys(meta).length > 0
    ? result
    : { ...result, _meta: Object.fromEntries(rest) as { readonly [key: string]: Json | undefined } };
}
