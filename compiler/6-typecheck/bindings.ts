/** One line of `generated/server.ts` that binds a handler to its type, and what it imports for it. */
export interface Binding {
  readonly line: string;
  readonly type: string;
  /** As in the import: `name`, or `name as other`. */
  readonly specifier: string;
  /** The module's name, in quotes. */
  readonly from: string;
}

const row = /^ {4}\[.*, handler<(\w+)>\(([\w$]+)\)\],$/;
const importLine = /^import \{ (.+) \} from ("\.[^"]+");$/;

/** `generated/server.ts` without its handlers, and each of these on its own: so that one can be checked, and not a thousand. */
export function splitServer(text: string): { readonly rest: string; readonly bindings: readonly Binding[] } {
  const imports = new Map<string, { readonly specifier: string; readonly from: string }>();
  const lines = text.split("\n");
  for (const line of lines) {
    const [, specifiers, from] = importLine.exec(line) ?? [];
    for (const specifier of specifiers?.split(", ") ?? [])
      imports.set(localName(specifier), { specifier, from: from! });
  }
  const bindings: Binding[] = [];
  const bound = new Set<string>();
  for (const line of lines) {
    const [, type, name] = row.exec(line) ?? [];
    const imported = name === undefined ? undefined : imports.get(name);
    if (!imported) continue;
    bound.add(name!);
    bindings.push({ line, type: type!, ...imported });
  }
  const isOfHandlers = (line: string): boolean => {
    const [, specifiers] = importLine.exec(line) ?? [];
    return specifiers?.split(", ").every((specifier) => bound.has(localName(specifier))) ?? false;
  };
  const rest = lines
    .filter((line) => !row.test(line) && !isOfHandlers(line))
    .join("\n")
    .replace(/^import type \{[^}]*\} from "\.\/types\.js";\n/m, "")
    .replace(/^(import \{ defineServer), handler /m, "$1 ")
    .replaceAll("new Map([\n  ])", "new Map()");
  return { rest, bindings };
}

function localName(specifier: string): string {
  return specifier.split(" as ").at(-1)!;
}

/** Tells bindings apart by all that is checked of them. */
export function keyOf({ specifier, from, type }: Binding): string {
  return `${specifier} ${from} ${type}`;
}

/** A module beside `generated/server.ts` with some of its bindings, line by line the same. */
export function bindingsModule(bindings: readonly Binding[]): string {
  const specifiers = new Map<string, Set<string>>();
  for (const { from, specifier } of bindings)
    specifiers.set(from, (specifiers.get(from) ?? new Set<string>()).add(specifier));
  const types = [...new Set(bindings.map(({ type }) => type))].sort();
  return [
    'import { handler } from "@mcpc/runtime/codegen/v1";\n',
    ...[...specifiers].map(([from, names]) => `import { ${[...names].join(", ")} } from ${from};\n`),
    `import type {\n${types.map((type) => `  ${type},\n`).join("")}} from "./types.js";\n`,
    `void new Map([\n${bindings.map(({ line }) => `${line}\n`).join("")}]);\n`,
  ].join("");
}

/** Whether what is wrong on a line of the one or the other module is this binding's. */
export function isAbout(line: string, { line: own, from }: Binding): boolean {
  return line === own || line.endsWith(` from ${from};`);
}
