import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { mcpc, project, write } from "../project.js";

export const tool = (name: string, more: object = {}) => ({
  name,
  inputSchema: { type: "object", properties: {} },
  ...more,
});
export const manifest = (...tools: object[]) => ({
  server: { name: "typed", version: "1.0.0" },
  build: { lint: { profiles: [] } },
  tools,
});

export type Files = Readonly<Record<string, unknown>>;
export interface Case {
  readonly files: Files;
  /** From where the project stands to where it is built. */
  readonly app?: string;
  /** By path, what each leads to. */
  readonly links?: Readonly<Record<string, string>>;
  /** Each error as `file:line:column message`. */
  readonly told: readonly (string | RegExp)[];
}

/** Builds the projects of all cases with one command. */
export function all(cases: Readonly<Record<string, Case>>): void {
  test("are as they should be, in one command for all", () => {
    const folder = project({});
    const names = Object.values(cases).map(({ files, links = {}, app = "." }, index) => {
      write(join(folder, String(index)), files);
      for (const [path, target] of Object.entries(links)) {
        mkdirSync(join(folder, String(index), dirname(path)), { recursive: true });
        symlinkSync(target, join(folder, String(index), path));
      }
      return join(String(index), app);
    });
    const { stdout, stderr } = mcpc(folder, "build", "--format", "json", ...names);
    expect(stderr).toBe("");
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Told[] };
    const outcome = Object.keys(cases).map((what, index) => {
      const own = diagnostics.filter(({ file }) => file.startsWith(`${index}/`));
      return [
        what,
        ...own.map(
          ({ file, line, column, message }) => `${file.slice(file.indexOf("/") + 1)}:${line}:${column} ${message}`,
        ),
      ];
    });
    expect(outcome).toEqual(
      Object.entries(cases).map(([what, { told }]) => [
        what,
        ...told.map((line) => (typeof line === "string" ? line : (expect.stringMatching(line) as string))),
      ]),
    );
  });
}

interface Told {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export const say = { "a.mcp.json": manifest(tool("say")) };
export const notText = "Type 'number' is not assignable to type 'string' (TS2322)";
export const noModule = (name: string): string => `there is no module "${name}" (TS2307)`;
export const five = "export const five = 5;\n";
export const taking = (from: string) =>
  `import { five } from "${from}";\nexport const say = () => {\n  const text: string = five;\n  return text;\n};\n`;
export const taken = `src/tools/say.ts:3:9 ${notText}`;
