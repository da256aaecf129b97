import { printable } from "../diagnostics/printable.js";
import type { Costs, EntryCost } from "../model/costs.js";
import { costliestField } from "./costs.js";

/** The longest name of an entry that is printed whole. */
const maxNameLength = 60;

/** Formats a table of entries, those with most tokens first, for a terminal. */
export function costTable({ total, entries }: Costs): string {
  const [always, onRequest] = [true, false].map((isShown) =>
    entries.filter(({ isAlwaysShown }) => isAlwaysShown === isShown).toSorted((a, b) => b.tokens - a.tokens),
  );
  const rows = [
    ["entry", "tokens", "share", "costs most"],
    ...always!.map((cost) => row(cost, percent(cost.tokens, total))),
    ["total", String(total), total === 0 ? "" : "100 %", ""],
    ...(onRequest!.length > 0
      ? [
          ["", "", "", ""],
          ["shown on request", "", "", ""],
        ]
      : []),
    ...onRequest!.map((cost) => row(cost, "")),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map(([entry, tokens, share, field]) =>
    [entry!.padEnd(widths[0]!), tokens!.padStart(widths[1]!), share!.padStart(widths[2]!), field].join("  ").trimEnd(),
  );
  return `\n${lines.join("\n")}\n`;
}

function row(cost: EntryCost, share: string): string[] {
  const [field, tokens] = costliestField(cost);
  const name = printable(cost.entry);
  return [
    name.length > maxNameLength ? `${name.slice(0, maxNameLength - 1)}…` : name,
    String(cost.tokens),
    share,
    field === "" ? "" : `${field} (${percent(tokens, cost.tokens)})`,
  ];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`;
}
