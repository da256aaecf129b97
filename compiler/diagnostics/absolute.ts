import type { EntryOffsets, Span } from "../model/source.js";
import type { Diagnostic } from "./diagnostic.js";

/** Returns a span whose offsets count from the beginning of its file. */
export function absoluteSpan(span: Span, offsets: EntryOffsets): Span {
  const { entry, path, start, end } = span;
  if (entry === undefined) return span;
  const by = offsets.get(path)?.get(entry);
  if (by === undefined) throw new Error(`${JSON.stringify(path)} has no entry ${entry}`);
  return { path, start: start + by, end: end + by };
}

/** Returns a diagnostic all of whose spans count from the beginning of their files, as reports need them. */
export function absolute(diagnostic: Diagnostic, offsets: EntryOffsets): Diagnostic {
  const { span, related, fix } = diagnostic;
  if (!span?.entry && !fix?.span.entry && related.every((each) => each.span.entry === undefined)) return diagnostic;
  const by = fix && absoluteSpan(fix.span, offsets).start - fix.span.start;
  return {
    ...diagnostic,
    ...(span && { span: absoluteSpan(span, offsets) }),
    related: related.map((each) => ({ ...each, span: absoluteSpan(each.span, offsets) })),
    ...(fix && {
      fix: {
        ...fix,
        span: absoluteSpan(fix.span, offsets),
        ...(fix.after !== undefined && { after: fix.after + by! }),
      },
    }),
  };
}
