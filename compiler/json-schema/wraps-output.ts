import { factsFinder } from "./facts.js";
import { pointerTokens } from "./pointer.js";
import { splitReference } from "./reference.js";
import type { JsonSchema } from "../model/schema.js";
import type { Json, JsonObject } from "../model/source.js";

/**
 * Whether a result may be something else than an object. Revisions before 2026-07-28 carry objects alone: for them the
 * runtime wraps such a result in one.
 */
export function wrapsOutput({
  schema,
  plain = schema,
}: {
  readonly schema: JsonSchema;
  readonly plain?: JsonSchema;
}): boolean {
  if (typeof schema === "boolean") return true;
  const factsOf = factsFinder<Json>((reference, root) => {
    const target = pointerTokens(splitReference(reference).fragment).reduce<Json | undefined>(member, root);
    return target === undefined ? undefined : [target, root];
  });
  return [...factsOf(plain, plain).types].some((type) => type !== "object");
}

function member(node: Json | undefined, token: string): Json | undefined {
  return typeof node === "object" && node !== null && Object.hasOwn(node, token)
    ? (node as JsonObject)[token]
    : undefined;
}
