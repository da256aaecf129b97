import type { Again } from "../model/again.js";
import type { Located, Span } from "../model/source.js";
import { endOfComment, endOfString } from "./extent.js";
import { TooDeep, treeBuilder } from "./tree.js";
import { visit, type Visitor } from "./visit.js";

/**
 * The tree of a text whose entries, the objects in the lists of its root, are parsed each on its own, and again only
 * where they say something else. Undefined where anything is wrong: to say what, the whole of it has to be parsed.
 */
export function parseByEntries(path: string, text: string, again: Again): Located | undefined {
  const cuts = cutsOf(text);
  if (!cuts) return undefined;
  const entries: Located[] = [];
  for (const { start, end } of cuts) {
    const own = text.slice(start, end);
    const entry = again("entries", own, () => parseEntry(own));
    if (!entry) return undefined;
    entries.push(placed(entry, path, start));
  }
  return parseAround(path, text, cuts, entries);
}

/** Where an entry stands in a text. */
interface Cut {
  readonly start: number;
  readonly end: number;
}

/** Where entries stand, if the text is well formed; what is not is found when it is parsed. */
function cutsOf(text: string): Cut[] | undefined {
  const cuts: Cut[] = [];
  let depth = 0;
  let inList = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      if (at === -1) return undefined;
    } else if (character === "/") {
      at = endOfComment(text, at);
      if (at === -1) return undefined;
    } else if (character === "{" || character === "[") {
      if (depth === 1) inList = character === "[";
      if (depth === 2) start = at;
      depth += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === 2 && inList && character === "}" && text[start] === "{") cuts.push({ start, end: at + 1 });
    }
  }
  return cuts;
}

/** How deep in the file an entry stands. */
const around = 2;

/** An entry of a manifest that is well formed, and nothing beside it. Its places are counted from its own beginning. */
export function parseEntry(text: string): Located | undefined {
  // A part of a string would keep the whole of it in memory.
  const own = Buffer.from(text).toString();
  const { visitor, diagnostics, root } = treeBuilder("", own, around);
  if (!visited(own, visitor)) return undefined;
  return diagnostics.length === 0 ? root() : undefined;
}

/** What stands around the entries: where they would be are empty objects. Those that are undefined are left out. */
export function parseAround(
  path: string,
  text: string,
  cuts: readonly Cut[],
  entries: readonly (Located | undefined)[],
): Located | undefined {
  const instead = "{}";
  const builder = treeBuilder(path, text);
  const { visitor } = builder;
  let next = 0;
  let within = false;
  let shift = 0;
  /** What is told comes in the order of the text. */
  const place = (offset: number): number => offset + shift;
  const isEntry = (offset: number): boolean => cuts[next] !== undefined && place(offset) === cuts[next]!.start;
  const own: Visitor = {
    onObjectBegin: (offset, ...more) => {
      within = isEntry(offset);
      if (!within) visitor.onObjectBegin!(place(offset), ...more);
    },
    onObjectEnd: (offset, ...more) => {
      if (!within) return visitor.onObjectEnd!(place(offset), ...more);
      const entry = entries[next];
      if (entry) builder.place(entry);
      const { start, end } = cuts[next]!;
      shift += end - start - instead.length;
      next += 1;
      within = false;
    },
    onArrayBegin: (offset, ...more) => visitor.onArrayBegin!(place(offset), ...more),
    onArrayEnd: (offset, ...more) => visitor.onArrayEnd!(place(offset), ...more),
    onObjectProperty: (name, offset, ...more) => visitor.onObjectProperty!(name, place(offset), ...more),
    onLiteralValue: (value: unknown, offset, ...more) => visitor.onLiteralValue!(value, place(offset), ...more),
    onError: visitor.onError!,
  };
  let outline = "";
  let from = 0;
  for (const { start, end } of cuts) {
    outline += text.slice(from, start) + instead;
    from = end;
  }
  outline += text.slice(from);
  if (!visited(outline, own) || builder.diagnostics.length > 0) return undefined;
  return next === cuts.length ? builder.root() : undefined;
}

/** Whether it came to the end: a text may be too deep. */
function visited(text: string, visitor: Visitor): boolean {
  try {
    visit(text, visitor);
    return true;
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return false;
  }
}

/** The same at another place, a part of it when it is first asked for: most of a manifest is as it was. */
export function placed(node: Located, path: string, by: number): Located {
  const place = ({ start, end }: Span): Span => ({ path, start: start + by, end: end + by });
  const { kind, value } = node;
  const span = place(node.span);
  if (kind === "scalar") return { kind, span, value };
  if (kind === "array") {
    let items: readonly Located[] | undefined;
    return {
      kind,
      span,
      value,
      get items() {
        return (items ??= node.items.map((item) => placed(item, path, by)));
      },
    };
  }
  let members: Extract<Located, { kind: "object" }>["members"] | undefined;
  return {
    kind,
    span,
    value,
    get members() {
      return (members ??= node.members.map((member) => ({
        key: member.key,
        keySpan: place(member.keySpan),
        node: placed(member.node, path, by),
      })));
    },
  };
}
