import { readFileSync } from "node:fs";
import { join } from "node:path";
import { profileNames, profiles } from "../../compiler/lint/profiles.js";
import { ruleTable } from "../../compiler/lint/rules.js";

const page = join(import.meta.dirname, "..", "..", "docs", "lint.md");

/** Returns `docs/lint.md` with the tables of profiles and rules as their definitions have them. */
export function lintReference(): string {
  const text = readFileSync(page, "utf8");
  return [section("profiles", profileTable()), section("rules", rulesTable())].reduce(
    (whole, [pattern, part]) => whole.replace(pattern, () => part),
    text,
  );
}

function section(name: string, table: string): readonly [RegExp, string] {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  return [new RegExp(`${open}[\\s\\S]*${close}`), `${open}\n\n${table}\n\n${close}`];
}

function profileTable(): string {
  const rows = profileNames.map((name) => {
    const own = [...ruleTable].filter(([, { profiles: of }]) => of.includes(name)).map(([code]) => `\`${code}\``);
    return `| \`${name}\` | ${profiles[name]} | ${own.join(", ")} |`;
  });
  return ["| Profile | For | Rules |", "|---|---|---|", ...rows].join("\n");
}

function rulesTable(): string {
  const rows = [...ruleTable].map(([code, { severity, explain, evidence }]) => {
    const who = evidence.map((each) => `${each.who} (${each.confidence})`);
    return `| \`${code}\` | ${severity} | ${firstSentence(explain)} | ${[...new Set(who)].join(", ")} |`;
  });
  return ["| Rule | Severity | Demand | Of whom (confidence) |", "|---|---|---|---|", ...rows].join("\n");
}

function firstSentence(text: string): string {
  return text.split(/(?<=\.)\s/)[0]!.replaceAll("|", "\\|");
}
