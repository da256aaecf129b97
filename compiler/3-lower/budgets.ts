import { child } from "../json-schema/pointer.js";
import type { Budgets } from "../model/costs.js";
import type { Project } from "../model/project.js";

import type { Located } from "../model/source.js";

/** Lowers the budgets of tokens that the build checks. */
export function lowerBudgets({ build, buildNode }: Project): Budgets {
  const { total, perTool } = build.budgets?.tokens ?? {};
  const place = (...way: readonly string[]): Located | undefined =>
    way.reduce<Located | undefined>((node, key) => node && child(node, key), buildNode);
  return {
    ...(total !== undefined && { total: { tokens: total, span: place("budgets", "tokens", "total")!.span } }),
    ...(perTool !== undefined && { perTool }),
  };
}
