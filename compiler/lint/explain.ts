import type { Evidence, LintRule } from "./rule.js";

const levels = {
  A: "text of the vendor or the specification",
  B: "source code of the client",
  C: "reports of users",
} as const;

/** Prints who makes the demand of a rule, on what evidence, in which profiles, and the repair. */
export function explainRule({ evidence, profiles, repair, projection }: LintRule<unknown>): string {
  const lines = [
    "Evidence:",
    ...evidence.flatMap((each) => [`  ${each.who}: ${each.demand}`, `    ${origin(each)}`]),
    `Profiles: ${profiles.length > 0 ? profiles.join(", ") : "none; build.rules turns the rule on"}`,
    ...(repair === undefined ? [] : [`Repair: mcpc check --fix ${repair}`]),
    ...(projection === undefined ? [] : [`Projection: ${projection}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function origin({ confidence, sources, since, asOf }: Evidence): string {
  const from = since === undefined ? "" : `, since ${since}`;
  return `confidence ${confidence} (${levels[confidence]}), as of ${asOf}${from}: ${sources.join(", ")}`;
}
