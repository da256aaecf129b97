import { textContent } from "../content.js";
import type { ToolSurface } from "../surface.js";

/** Formats the `content` member of a result as a tool declares it. `json` is the structured content. */
export function declaredContent(text: NonNullable<ToolSurface["text"]>, json: string): string {
  return text === "none" ? '"content":[]' : textContent(filled(text.template, JSON.parse(json) as object));
}

/** Fills a template with members of a value: strings as they are, other values as JSON, absent ones as nothing. */
function filled(template: string, value: object): string {
  const members = value as Readonly<Record<string, unknown>>;
  return template.replace(/\{([^{}]+|\{)\}/g, (_whole, name: string) => {
    if (name === "{") return "{";
    const member = Object.hasOwn(members, name) ? members[name] : "";
    return typeof member === "string" ? member : JSON.stringify(member);
  });
}
