import type { Json, Located, Span } from "../model/source.js";

/** Converts JSON to located JSON at a given place of a manifest. */
export function located(value: Json, span: Span): Located {
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    return { kind: "array", span, value: list, items: list.map((item) => located(item, span)) };
  }
  if (typeof value !== "object" || value === null) return { kind: "scalar", span, value: value as string };
  const members = Object.entries(value).map(([key, item]) => ({
    key,
    keySpan: span,
    node: located(item as Json, span),
  }));
  return { kind: "object", span, value: value as { readonly [key: string]: Json }, members };
}
