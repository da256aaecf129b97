import { invalidRequest, type McpError } from "./errors.js";
import { parseError, readableId, type Id } from "./json-rpc.js";

/** The deepest nesting of JSON from outside. What walks a deeper value could overflow the stack. */
const mostLevels = 1000;

/** Parses a message from outside. Returns `undefined` after it has called `refuse`. */
export function parseMessage(text: string, refuse: (error: McpError, id?: Id) => void): unknown {
  let message: unknown;
  try {
    message = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return refuse(parseError());
  }
  return mayBeTooDeep(text) && isTooDeep(message) ? refuse(tooDeep(), readableId(message)) : message;
}

export function tooDeep(): McpError {
  return invalidRequest(`JSON has at most ${mostLevels} levels here`);
}

/** Whether a text has a bracket for each level that is too many; nearly no message does. */
function mayBeTooDeep(text: string): boolean {
  if (text.length <= 2 * mostLevels) return false;
  let brackets = 0;
  for (const bracket of "[{")
    for (let at = text.indexOf(bracket); at !== -1 && brackets <= mostLevels; at = text.indexOf(bracket, at + 1))
      brackets += 1;
  return brackets > mostLevels;
}

/** Whether a parsed value nests too deep. Goes level by level, so that its own stack does not grow. */
export function isTooDeep(value: unknown): boolean {
  let level = [value].filter(isNested);
  for (let count = 1; level.length > 0; count += 1) {
    if (count > mostLevels) return true;
    level = level.flatMap(Object.values).filter(isNested);
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
