import type { Again } from "../model/again.js";
import type { DeclaredError, Server } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";

/** `mcpc.lock.json`: the surface as it is listed, in readable lines, so that its changes show in version control. */
export function lockFile(server: Server, again: Again): string {
  const list = (entries: readonly Entry[]): string =>
    entries.length === 0 ? "[]" : `[\n    ${entries.map((entry) => entryText(entry, again)).join(",\n    ")}\n  ]`;
  const members = [
    `"lockVersion": 1`,
    `"server": ${text(server.info, 1)}`,
    ...(server.instructions === undefined ? [] : [`"instructions": ${text(server.instructions, 1)}`]),
    `"tools": ${list(server.tools)}`,
    `"resources": ${list(server.resources)}`,
    `"resourceTemplates": ${list(server.resourceTemplates)}`,
    `"prompts": ${list(server.prompts)}`,
  ];
  return `{\n  ${members.join(",\n  ")}\n}\n`;
}

interface Entry {
  readonly listing: JsonObject;
  /** To whom it is listed. */
  readonly scopes: readonly string[];
  readonly errors?: readonly DeclaredError[];
}

function entryText({ listing, scopes, errors = [] }: Entry, again: Again): string {
  if (scopes.length === 0 && errors.length === 0) return again("lock entries", listing, () => text(listing, 2));
  const more = {
    ...(scopes.length > 0 && { scopes }),
    ...(errors.length > 0 && { errors: Object.fromEntries(errors.map(({ code, message }) => [code, message])) }),
  };
  return text({ ...listing, ...more }, 2);
}

/** As it is printed that many levels deep. */
function text(value: Json, level: number): string {
  return JSON.stringify(value, null, 2).replace(/\n/g, `\n${"  ".repeat(level)}`);
}
