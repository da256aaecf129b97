import { define, quote } from "./definition.js";

export const budget = {
  "budget/tool": define<{ tool: string; tokens: number; budget: number; field: string; most: number }>({
    severity: "error",
    message: ({ tool, tokens, budget: limit }) => `${quote(tool)} has ${tokens} tokens, and its budget is ${limit}`,
    help: ({ field, most }) => `shorten ${quote(field)}, which has ${most} of them, or raise "perTool"`,
    explain:
      "Models see each tool in every conversation, with its name, description and input schema. `build.budgets.tokens.perTool` limits the tokens of each tool, so that none grows unseen. `mcpc check --explain-cost` prints the tokens of all entries.",
  }),
  "budget/total": define<{
    tokens: number;
    budget: number;
    costliest: readonly { readonly entry: string; readonly tokens: number }[];
  }>({
    severity: "error",
    message: ({ tokens, budget: limit }) => `the surface has ${tokens} tokens, and its budget is ${limit}`,
    help: ({ costliest }) =>
      `shorten or remove what costs most: ${costliest.map(({ entry, tokens }) => `${quote(entry)} (${tokens})`).join(", ")}`,
    explain:
      "Models see the instructions and all tools in every conversation. `build.budgets.tokens.total` limits the tokens of these together. `mcpc check --explain-cost` prints the tokens of all entries, and the field of each that costs most.",
  }),
};
