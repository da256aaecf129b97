import type { View } from "../protocol/exchange.js";
import type { OutputForm } from "../protocol/methods/tool-output.js";
import type { Validator } from "../protocol/surface.js";
import { ComposedResult } from "../protocol/tool-result.js";

/**
 * The structured answer of an API. An answer that the `outputSchema` refuses is a failure that the model reads: the API
 * is to blame, and the handler cannot be mended. Such an answer is not cached.
 */
export class ApiResult extends ComposedResult {
  constructor(value: unknown) {
    super(value, {});
  }

  override toToolResult(view: View, validate: Validator | undefined, form: OutputForm): string {
    try {
      return super.toToolResult(view, validate, form);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const content = `the API answered something else than its document says: ${error.message}`;
      return new ComposedResult(undefined, { isError: true, content }).toToolResult(view, validate, form);
    }
  }

  override isRefused(validate: Validator): boolean {
    return !validate(this.value);
  }
}
