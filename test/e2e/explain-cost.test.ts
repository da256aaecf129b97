import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { mcpc, project } from "./project.js";

const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: "object" } });
const manifest = (build: object): object => ({
  server: { name: "shop", version: "1.0.0" },
  tools: [tool("order", "Orders an article."), tool("search", "Searches the catalogue for articles.")],
  resources: [{ uri: "shop://help", name: "help", text: "Help." }],
  build,
});
const total = (tokens: number): object => manifest({ budgets: { tokens: { total: tokens } } });

const table = `
entry                  tokens   share  costs most
tools/search               13  56.5 %  description (53.8 %)
tools/order                10  43.5 %  inputSchema (50.0 %)
total                      23   100 %

shown on request
resources/shop://help       4          uri (75.0 %)
`;

test("a table shows the tokens of each entry, also when the budget is exceeded and nothing is written", () => {
  const folder = project({ "a.mcp.json": total(22) });
  const { code, stdout, stderr } = mcpc(folder, "check", "--explain-cost");
  expect({ code, stdout }).toEqual({ code: 1, stdout: table });
  expect(stderr).toContain("error[budget/total]: the surface has 23 tokens, and its budget is 22");
  expect(stderr).toContain('"tools/search" (13), "tools/order" (10)');
  expect(mcpc(folder, "build").code).toBe(1);
  expect(existsSync(join(folder, "mcpc.lock.json"))).toBe(false);
});

test("the table is part of the JSON report, also after a build that is up to date", () => {
  const folder = project({ "a.mcp.json": total(23) });
  expect(mcpc(folder, "build").code).toBe(0);
  const { code, stdout } = mcpc(folder, "check", "--explain-cost", "--format", "json");
  expect({ code, ...JSON.parse(stdout) }).toEqual({
    code: 0,
    diagnostics: expect.any(Array),
    costs: [
      {
        project: "",
        total: 23,
        entries: [
          {
            entry: "tools/order",
            tokens: 10,
            fields: { name: 1, description: 4, inputSchema: 5 },
            isAlwaysShown: true,
          },
          {
            entry: "tools/search",
            tokens: 13,
            fields: { name: 1, description: 7, inputSchema: 5 },
            isAlwaysShown: true,
          },
          { entry: "resources/shop://help", tokens: 4, fields: { uri: 3, name: 1 }, isAlwaysShown: false },
        ],
      },
    ],
  });
});

test("the budgets of the guide leave room for a small server", () => {
  const [{ text } = { text: "" }] = blocksTestedBy("docs/tokens.md", "test/e2e/explain-cost.test.ts");
  const folder = project({ "a.mcp.json": manifest({ ...JSON.parse(`{${text}}`).build, lint: { profiles: [] } }) });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
});
