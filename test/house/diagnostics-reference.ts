import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../../compiler/lint/rules.js";
import { catalogue, type Code } from "../../compiler/diagnostics/catalogue.js";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "invalid");

/** `docs/diagnostics.md`: every code with its explanation and its example, as `mcpc explain` tells them. */
export function diagnosticsReference(): string {
  const codes = (Object.keys(catalogue) as Code[]).filter((code) => !Object.hasOwn(rules, code)).sort();
  const areas = [...new Set(codes.map((code) => code.split("/")[0]!))];
  return [
    "# Diagnostics\n",
    "Everything `mcpc` can report, beside the findings of [lint rules](lint.md). `mcpc explain CODE` says the same in a terminal; errors stop a build, warnings do not unless `--strict` is given. Where a mistake has but one remedy, `mcpc check --fix` puts it right.\n",
    ...areas.flatMap((area) => [`## \`${area}\`\n`, ...codes.filter((code) => code.startsWith(`${area}/`)).map(entry)]),
  ].join("\n");
}

function entry(code: Code): string {
  const { severity, explain } = catalogue[code];
  const example = readFileSync(join(fixtures, code, "expected.txt"), "utf8").trimEnd();
  return `### \`${code}\`\n\n*${severity === "error" ? "Error" : "Warning"}.* ${explain}\n\n\`\`\`text fixtures/invalid/${code}/expected.txt\n${example}\n\`\`\`\n`;
}
