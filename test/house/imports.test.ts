import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult, type IRegularForbiddenRuleType } from "dependency-cruiser";
import { beforeAll, expect, test } from "vitest";
import { rules } from "./import-rules.js";

const root = join(import.meta.dirname, "..", "..");
const sources = ["compiler", "runtime"].flatMap((name) =>
  readdirSync(join(root, name), { withFileTypes: true })
    .filter((entry) =>
      entry.isDirectory()
        ? !["dist", "fixtures", "node_modules", "templates", "create"].includes(entry.name)
        : entry.name.endsWith(".ts"),
    )
    .map((entry) => `${name}/${entry.name}`),
);

const control = (name: string, from: string, to: IRegularForbiddenRuleType["to"]): IRegularForbiddenRuleType => ({
  name,
  severity: "error",
  from: { path: from },
  to,
});
/** Rules that imports of every kind break. */
const controls: readonly IRegularForbiddenRuleType[] = [
  control("value", "^runtime/protocol/dispatch[.]ts$", { path: "^runtime/protocol/results[.]ts$" }),
  control("type", "^runtime/protocol/surface[.]ts$", { path: "^runtime/protocol/types[.]ts$" }),
  control("package", "^compiler/command-line[.]ts$", { path: "node_modules/commander(/|$)" }),
  control("core", "^runtime/node/", { dependencyTypes: ["core"] }),
  control("other package", "^compiler/2-check/failures[.]ts$", { path: "^runtime/dist/codegen/" }),
];
const isControl = (name: string): boolean => controls.some((rule) => rule.name === name);

let result: ICruiseResult;
beforeAll(async () => {
  const { output } = await cruise(sources, {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: ["node_modules", "^runtime/dist"] },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
    validate: true,
    ruleSet: { forbidden: [...rules, ...controls] },
  });
  result = output as ICruiseResult;
});

test("the rooms import only what the architecture allows", () => {
  const { modules, summary } = result;
  const own = modules.map(({ source }) => source).filter((path) => /^(compiler|runtime)\/(?!dist).*[.]ts$/.test(path));
  expect(own.length).toBeGreaterThan(80);
  const violations = summary.violations.filter(({ rule }) => !isControl(rule.name));
  expect(violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  for (const { name, from } of rules) {
    const patterns = [from.path ?? ""].flat().map((pattern) => new RegExp(pattern));
    expect(
      own.some((path) => patterns.some((pattern) => pattern.test(path))),
      `${name} watches nothing`,
    ).toBe(true);
  }
});

test("a forbidden import is found: types, packages and Node's own modules alike", () => {
  const found = new Set(result.summary.violations.map(({ rule }) => rule.name).filter(isControl));
  expect([...found].sort()).toEqual(controls.map(({ name }) => name).sort());
});
