import jsonc from "jsonc-parser";
import type { Json } from "../model/source.js";

/**
 * Returns the text of a manifest with another value in one place; `undefined` removes the field. Everything else stays,
 * comments included.
 *
 * @param path Keys and indexes from the root to the field.
 */
export function setField(text: string, path: readonly (string | number)[], value: Json | undefined): string {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const body = text.slice(mark.length);
  const indentation = /\n([ \t]+)\S/.exec(body)?.[1] ?? "  ";
  const formattingOptions = {
    insertSpaces: !indentation.includes("\t"),
    tabSize: indentation.includes("\t") ? 1 : indentation.length,
    eol: body.includes("\r\n") ? "\r\n" : "\n",
  };
  return mark + jsonc.applyEdits(body, jsonc.modify(body, [...path], value, { formattingOptions }));
}
