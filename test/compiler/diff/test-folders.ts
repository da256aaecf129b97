import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";
import { main } from "../../../compiler/command-line.js";

/** The manifest of a server with two tools, of which one refers to a definition. */
export const manifest = (version: string, more: object = {}, city: object = { type: "string" }): string =>
  `${JSON.stringify(
    {
      server: { name: "weather", version },
      $defs: { City: city },
      tools: [
        {
          name: "get_weather",
          description: "The weather.",
          inputSchema: { type: "object", properties: { city: { $ref: "#/$defs/City" } }, required: ["city"] },
          ...more,
        },
        { name: "list_cities", description: "Cities.", inputSchema: { type: "object" } },
      ],
    },
    null,
    2,
  )}\n`;

/** A definition that takes fewer values. */
export const short = { type: "string", maxLength: 4 };

/** A JSON file of lists with tools of these names. */
export const surface = (tools: readonly string[], version?: string): string =>
  JSON.stringify({
    server: { name: "a", ...(version !== undefined && { version }) },
    tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })),
  });

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for each test of a file, and what runs in it. */
export function testFolders() {
  const top = mkdtempSync(join(tmpdir(), "mcpc-diff-"));
  let [folder, number] = ["", 0];
  /** What the latest command has written to standard error. */
  let waiting = "";
  beforeEach(() => void mkdirSync((folder = join(top, String(++number)))));
  afterAll(() => rmSync(top, { recursive: true, force: true }));
  const pathOf = (...names: readonly string[]): string => join(folder, ...names);
  const write = (path: string, content: string): void => writeFileSync(pathOf(path), content);
  const git = (...args: readonly string[]): void =>
    void execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", "-C", folder, ...args]);
  return {
    folder: () => folder,
    waiting: () => waiting,
    pathOf,
    write,
    read: (path: string): string => readFileSync(pathOf(path), "utf8"),
    git,
    diff: async (...args: readonly string[]): Promise<Ran> => {
      const written = { stdout: "", stderr: "" };
      const terminal = (stream: keyof typeof written) => ({
        write: (text: string) => ((written[stream] += text), (waiting = written.stderr), true),
      });
      const surroundings = { cwd: folder, env: {}, stdout: terminal("stdout"), stderr: terminal("stderr") };
      const code = await main(["diff", ...args], surroundings as never);
      return { code, ...written };
    },
    /** Makes a repository whose last commit has the one manifest, and whose working folder the other. */
    changed: (old: string, now: string): void => {
      write("weather.mcp.json", old);
      git("init", "-q");
      git("add", "-A");
      git("commit", "-q", "-m", "one");
      write("weather.mcp.json", now);
    },
  };
}
