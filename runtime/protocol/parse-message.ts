import { invalidRequest, type McpError } from "./errors.js";
import { isId, parseError, type Id } from "./json-rpc.js";

/** The maximum nesting of received JSON. Recursion over a deeper value could overflow the stack. */
const maxLevels = 1000;
/** The maximum number of lists, objects and strings in a message, names included. More would delay all callers. */
const maxValues = 50_000;
/** The maximum number of members of lists and objects. */
const maxMembers = 250_000;
/** The maximum number of different member names. Parsing one takes as long as parsing thirty members. */
const maxNames = 10_000;

/** Parses a received message. Returns `undefined` after calling `refuse`. */
export function parseMessage(text: string, refuse: (error: McpError, id?: Id) => void): unknown {
  // Checked before parsing, whose time grows with the number of values.
  if (mayBeTooLarge(text)) {
    const { levels, values, members, names, id } = outlineOf(text);
    if (levels > maxLevels) return refuse(tooDeep(), id);
    if (values > maxValues || members > maxMembers || names > maxNames) return refuse(tooMany(), id);
  }
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return refuse(parseError());
  }
}

export function tooDeep(): McpError {
  return invalidRequest(`JSON has at most ${maxLevels} levels here`);
}

function tooMany(): McpError {
  return invalidRequest(
    `JSON has at most ${maxMembers} members here, ${maxValues} lists, objects and texts, and ${maxNames} different names; send less at a time`,
  );
}

/** Characters, with their maximum number in a value of allowed size. */
const bounds: readonly (readonly [characters: string, most: number])[] = [
  ["[{", maxLevels],
  ['"', 2 * maxNames],
  [",", maxMembers - maxLevels],
];

/** Returns whether a text has many of some character, as very few messages do. */
function mayBeTooLarge(text: string): boolean {
  return text.length > 2 * maxLevels && bounds.some(([characters, most]) => countOf(text, characters, most) > most);
}

/** Counts characters up to one above the maximum. */
function countOf(text: string, characters: string, most: number): number {
  let count = 0;
  for (const one of characters)
    for (let at = text.indexOf(one); at !== -1 && count <= most; at = text.indexOf(one, at + 1)) count += 1;
  return count;
}

interface Outline {
  readonly levels: number;
  /** The number of lists, objects and strings. */
  readonly values: number;
  readonly members: number;
  /** The number of different member names, at most one above the maximum. */
  readonly names: number;
  /** The id of the message, if it has one. */
  readonly id: Id | undefined;
}

const idMember = /"id"\s*:\s*("(?:[^"\\]|\\.){0,256}"|-?\d[\d.eE+-]*)/y;

/** Measures JSON without parsing it. */
function outlineOf(text: string): Outline {
  let level = 0;
  let levels = 0;
  let values = 0;
  let members = 0;
  let id: Id | undefined;
  const names = distinctNames();
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      values += 1;
      members += 1;
      if (level === 1) id = idAt(text, at) ?? id;
      const end = endOfString(text, at);
      if (isName(text, end)) names.add(text, at + 1, end);
      at = end;
    } else if (code === openingBrace || code === openingBracket) {
      level += 1;
      values += 1;
      members += 1;
      if (level > levels) levels = level;
    } else if (code === closingBrace || code === closingBracket) level -= 1;
    else if (code === comma) members += 1;
  }
  return { levels, values, members, names: names.count, id };
}

const [quote, backslash, comma, colon, space] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [openingBrace, closingBrace, openingBracket, closingBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Returns the end of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    // An odd number of backslashes escapes the quote.
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** Returns whether the string that ends at `end` is the name of a member. */
function isName(text: string, end: number): boolean {
  let next = end + 1;
  while (text.charCodeAt(next) <= space) next += 1;
  return text.charCodeAt(next) === colon;
}

/** Counts different parts of a text by their hashes, without creating strings. */
function distinctNames() {
  const hashes = new Uint32Array(4 * maxNames);
  // Random, so that an attacker cannot choose names with equal hashes.
  const seed = Math.random() * 2 ** 32;
  return {
    count: 0,
    add(text: string, start: number, end: number) {
      let hash = seed;
      for (let at = start; at < end; at += 1) {
        hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      // Zero marks a free slot.
      hash = hash >>> 0 || 1;
      let place = hash % hashes.length;
      while (hashes[place] !== 0 && hashes[place] !== hash) place = (place + 1) % hashes.length;
      if (hashes[place] === hash || this.count > maxNames) return;
      hashes[place] = hash;
      this.count += 1;
    },
  };
}

function idAt(text: string, at: number): Id | undefined {
  idMember.lastIndex = at;
  const written = idMember.exec(text)?.[1];
  if (written === undefined) return undefined;
  try {
    const id: unknown = JSON.parse(written);
    return isId(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether a parsed value is nested too deeply. Iterates by level, so that the stack does not overflow. */
export function isTooDeep(value: unknown): boolean {
  let level = isNested(value) ? [value] : [];
  for (let count = 1; level.length > 0; count += 1) {
    if (count > maxLevels) return true;
    const next: object[] = [];
    for (const one of level) for (const member of Object.values(one)) if (isNested(member)) next.push(member);
    level = next;
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
