import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { Costs } from "../model/costs.js";
import type { Server } from "../model/server.js";
import { costliestField } from "./costs.js";

/** The number of entries that the error of a whole surface names. */
const namedEntries = 3;

/** Reports tools, and a surface, with more tokens than the manifest allows. */
export function checkBudgets({ budgets, tools }: Server, costs: Costs): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const { total, perTool } = budgets;
  const byEntry = new Map(costs.entries.map((cost) => [cost.entry, cost]));
  for (const { name, span } of perTool === undefined ? [] : tools) {
    const cost = byEntry.get(`tools/${name}`)!;
    if (cost.tokens <= perTool!) continue;
    const [field, most] = costliestField(cost);
    diagnostics.push(diagnose("budget/tool", span, { tool: name, tokens: cost.tokens, budget: perTool!, field, most }));
  }
  if (total && costs.total > total.tokens) {
    const shown = costs.entries.filter(({ isAlwaysShown }) => isAlwaysShown);
    const costliest = shown.toSorted((a, b) => b.tokens - a.tokens).slice(0, namedEntries);
    diagnostics.push(diagnose("budget/total", total.span, { tokens: costs.total, budget: total.tokens, costliest }));
  }
  return diagnostics;
}
