import { builders, printer } from "prettier/doc";
import { docComment, literal } from "./code.js";
import { is, type TypeMember, type Type } from "./type.js";

type Doc = builders.Doc;
const { group, hardline, ifBreak, indent, align, join, line, softline } = builders;

/** Prints `export interface NAME {…}` for an object type, otherwise `export type NAME = …;`, as prettier formats it. */
export function printDeclaration(name: string, type: Type): string {
  return print(
    type.kind === "object"
      ? [`export interface ${name} `, object(type, true)]
      : [group([`export type ${name} =`, isOneWord(type) ? indent([line, printed(type)]) : [" ", printed(type)]]), ";"],
  );
}

/** Prints `import type { … } from "…";`. */
export function printTypeImport(names: readonly string[], from: string): string {
  const list = [indent([line, join([",", line], [...names])]), ifBreak(","), line];
  return print(group(["import type {", list, `} from ${literal(from)};`]));
}

function print(doc: Doc): string {
  return `${printer.printDocToString(doc, { printWidth: 100, tabWidth: 2, useTabs: false }).formatted}\n`;
}

/** Whether the text of a type has no place for a line break. */
function isOneWord(type: Type): boolean {
  return (
    type.kind === "name" || (type.kind === "generic" && type.parameters.length === 1 && isOneWord(type.parameters[0]!))
  );
}

function printed(type: Type): Doc {
  switch (type.kind) {
    case "name":
      return type.text;
    case "generic":
      return [type.name, parameters(type.parameters)];
    case "array":
      return is(type.items, "never") ? "[]" : [operand(type.items), "[]"];
    case "tuple":
      return tuple(type);
    case "object":
      return object(type, false);
    case "union":
      return union(type.of);
    case "intersection":
      return intersection(type.of);
  }
}

function parameters(types: readonly Type[]): Doc {
  const [only] = types;
  if (types.length === 1 && (isOneWord(only!) || only!.kind === "object")) return ["<", printed(only!), ">"];
  return group(["<", indent([softline, join([",", line], types.map(printed))]), softline, ">"]);
}

function tuple({ items, required, rest }: Extract<Type, { kind: "tuple" }>): Doc {
  const all = [
    ...items.map((item, index) => (index < required ? printed(item) : [operand(item), "?"])),
    ...(rest ? [["...", operand(rest), "[]"]] : []),
  ];
  if (all.length === 0) return "[]";
  return group(["[", indent([softline, join([",", line], all)]), rest ? "" : ifBreak(","), softline, "]"]);
}

/** Prints an object type. A small one may stay on the line of its parent. */
function object({ members, index }: Extract<Type, { kind: "object" }>, ofItsOwn: boolean): Doc {
  const lines = [
    ...members.map((member) => [comment(member), memberDoc(member)]),
    ...(index ? [["[key: string]: ", printed(index)]] : []),
  ];
  if (lines.length === 0) return "{}";
  const shouldBreak = ofItsOwn || members.length > 2 || members.some(({ documentation }) => documentation !== "");
  return group(["{", indent([line, join([";", line], lines)]), ifBreak(";"), line, "}"], { shouldBreak });
}

function comment({ documentation }: TypeMember): Doc {
  const text = docComment([documentation]);
  return text === "" ? "" : [join(hardline, text.trimEnd().split("\n")), hardline];
}

function memberDoc({ name, optional, type }: TypeMember): Doc {
  return [/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name), optional ? "?: " : ": ", printed(type)];
}

/** Prints a union on one line, or each type on a line of its own, indented. */
function union(types: readonly Type[]): Doc {
  const other = types.filter((type) => !is(type, "null"));
  // A nullable object keeps its braces on the same line.
  if (other.length === 1 && types.length === 2 && other[0]!.kind === "object") return join(" | ", types.map(printed));
  return group(indent(branches(types)));
}

function branches(types: readonly Type[]): Doc {
  const docs = types.map((type) => align(2, type.kind === "intersection" ? ["(", printed(type), ")"] : printed(type)));
  return [ifBreak([line, "| "]), join([line, "| "], docs)];
}

function intersection(types: readonly Type[]): Doc {
  const [first, ...others] = types.map(operand);
  const objects = types.filter(({ kind }) => kind === "object").length;
  if (objects > 0) return group(join(" & ", [first!, ...others]));
  return group(indent([first!, ...others.flatMap((other) => [" &", line, other])]));
}

function operand(type: Type): Doc {
  if (type.kind === "union") return ["(", group([indent(branches(type.of)), softline]), ")"];
  return type.kind === "intersection" ? ["(", printed(type), ")"] : printed(type);
}
