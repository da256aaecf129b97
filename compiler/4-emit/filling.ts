import type { FilledPlace, Filling } from "../model/server.js";
import { literal } from "./code.js";

/**
 * Prints code that fills in the defaults of arguments, one function for each place. The code copies what it changes,
 * since the original arguments are still needed. Each call creates its default values anew.
 */
export function fillingCode({ places }: Filling): string {
  const functions = places.flatMap((place, index) => (isUseful(place) ? [placeCode(place, index)] : []));
  const head = "export const fill: Fill = (() => {\nconst func0 = typeOf;\nconst func1 = member;\n";
  return `${head}${functions.join("")}return fill0;\n})();`;
}

function isUseful({ presets, members, prefix, items }: FilledPlace): boolean {
  return presets.length + members.length > 0 || items !== undefined || prefix.some((index) => index !== null);
}

function placeCode({ presets, members, prefix, items }: FilledPlace, index: number): string {
  const lines: string[] = [];
  if (presets.length + members.length > 0) {
    lines.push('if (func0(data) === "object") {', "const filled = { ...data };");
    for (const [name, value] of presets)
      lines.push(`if (!Object.hasOwn(data, ${literal(name)})) filled[${literal(name)}] = ${literal(value)};`);
    for (const [name, place] of members) {
      const member = `func1(filled, ${literal(name)})`;
      lines.push(`if (${member} !== undefined) filled[${literal(name)}] = fill${place}(${member});`);
    }
    lines.push("return filled;", "}");
  }
  const heads = prefix.flatMap((place, at) => (place === null ? [] : [`index === ${at} ? fill${place}(item) : `]));
  if (heads.length > 0 || items !== undefined) {
    const rest = items === undefined ? "item" : `fill${items}(item)`;
    const others = prefix.length === 0 || items === undefined ? rest : `index < ${prefix.length} ? item : ${rest}`;
    lines.push(`if (Array.isArray(data)) return data.map((item: any, index: number) => ${heads.join("")}${others});`);
  }
  return `function fill${index}(data: any): any {\n${lines.join("\n")}\nreturn data;\n}\n`;
}
