import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drainMs } from "../../runtime/protocol/drain.js";
import { blocksTestedBy } from "../house/documents.js";
import { mcpc } from "./project.js";
import { serveHttp } from "./clients.js";

const root = join(import.meta.dirname, "..", "..");
const shown = (name: string): any => JSON.parse(readFileSync(join(import.meta.dirname, "deployment", name), "utf8"));

let project: string;
let elsewhere: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "mcpc-deployed-"));
  elsewhere = mkdtempSync(join(tmpdir(), "mcpc-elsewhere-"));
  const skipped = new Set(
    ["dist", "generated", "node_modules", "test"].map((name) => join(root, "fixtures", "weather", name)),
  );
  cpSync(join(root, "fixtures", "weather"), project, { recursive: true, filter: (path) => !skipped.has(path) });
  mkdirSync(join(project, "node_modules", ".bin"), { recursive: true });
  mkdirSync(join(project, "node_modules", "@mcpc"));
  symlinkSync(join(root, "runtime"), join(project, "node_modules", "@mcpc", "runtime"));
  symlinkSync(join(root, "compiler"), join(project, "node_modules", "mcpc"));
  symlinkSync(join(root, "node_modules", "@types"), join(project, "node_modules", "@types"));
  symlinkSync(join(root, "compiler", "dist", "cli.js"), join(project, "node_modules", ".bin", "mcpc"));
  expect(mcpc(project, "build", "--strict")).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => {
  for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true });
});

const run = (folder: string, command: string, ...options: string[]): string => {
  const { output, status } = spawnSync(command, options, { cwd: folder, encoding: "utf8" });
  expect(status, output.join("")).toBe(0);
  return output.join("");
};

async function weatherIn(client: Client): Promise<unknown> {
  const { structuredContent } = await client.callTool({ name: "get_weather", arguments: { city: "Oslo" } });
  await client.close();
  return structuredContent;
}
const oslo = expect.objectContaining({ city: "Oslo" });

/** The guide's commands that begin with this word. */
const shownCommands = (program: string): string[] =>
  blocksTestedBy("docs/deployment.md", "test/e2e/deployment.test.ts")
    .flatMap(({ text }) => text.trim().split("\n"))
    .filter((line) => line.startsWith(`${program} `));

test("the guide's commands are those that are tried here", () => {
  const { length } = ["claude", "docker"].flatMap(shownCommands);
  const blocks = blocksTestedBy("docs/deployment.md", "test/e2e/deployment.test.ts");
  expect(blocks.flatMap(({ text }) => text.trim().split("\n"))).toHaveLength(length);
});

interface Configured {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

describe("a client starts the server from the top of the file system", () => {
  test.each<[file: string, serverOf: (shown: any) => Configured]>([
    ["claude-desktop.json", ({ mcpServers }) => mcpServers.weather],
    ["vscode.json", ({ servers }) => servers.weather],
    ["dev.json", ({ mcpServers }) => mcpServers.weather],
  ])("as in %s", async (file, serverOf) => {
    await startsAtTop(serverOf(shown(file)));
  });

  test("as in the command for Claude Code", async () => {
    const line = shownCommands("claude")[0]!;
    const [, added] = /^claude mcp add weather -- (.*)$/.exec(line)!;
    const [command, ...args] = added!.split(" ");
    await startsAtTop({ command: command!, args });
  });

  async function startsAtTop({ command, args, env }: Configured): Promise<void> {
    const client = new Client({ name: "test", version: "1.0.0" });
    const own = args.map((arg) => arg.replace("/path/to/project", project));
    await client.connect(
      new StdioClientTransport({ command, args: own, cwd: "/", stderr: "ignore", ...(env && { env }) }),
    );
    expect(await weatherIn(client)).toEqual(oslo);
  }
});

test("a package of the bundle is installed, and runs as a command", () => {
  const { devDependencies, scripts, ...shownPackage } = shown("package.json");
  const versionOf = (name: string): string =>
    JSON.parse(readFileSync(join(root, name, "package.json"), "utf8")).version;
  expect(devDependencies).toEqual({ "@mcpc/runtime": `^${versionOf("runtime")}`, mcpc: `^${versionOf("compiler")}` });
  expect(scripts.prepack).toBe("mcpc build --strict");
  const published = join(elsewhere, "published");
  cpSync(join(project, "dist"), join(published, "dist"), { recursive: true });
  writeFileSync(join(published, "package.json"), JSON.stringify(shownPackage));
  const [tarball] = JSON.parse(run(published, "npm", "pack", "--json", "--silent")) as [{ filename: string }];
  const installed = join(elsewhere, "installed");
  mkdirSync(installed);
  writeFileSync(join(installed, "package.json"), "{}");
  run(installed, "npm", "install", "--offline", "--no-audit", "--no-fund", join(published, tarball.filename));
  expect(run(installed, "npx", "--no-install", "weather-mcp", "--version")).toBe("weather 1.0.0\n");
});

test("the last stage of the Dockerfile serves", async () => {
  const text = readFileSync(join(root, "fixtures", "weather", "Dockerfile"), "utf8");
  const stage = text.slice(text.lastIndexOf("\nFROM "));
  const image = join(elsewhere, "image");
  expect(stage).toContain("\nCOPY --from=build /app/dist ./\n");
  cpSync(join(project, "dist"), image, { recursive: true });
  const [, step] = /\nRUN (.*)\n/.exec(stage)!;
  run(image, "sh", "-c", `${step} --offline --no-audit --no-fund`);
  const [node, server, ...options] = JSON.parse(/\nCMD (.*)\n/.exec(stage)![1]!) as string[];
  expect(node).toBe("node");
  const http = await serveHttp(
    join(image, server!),
    ...options.filter((option) => !/^(--transport|http)$/.test(option)),
  );
  try {
    const client = new Client({ name: "test", version: "1.0.0" });
    const address = new URL(http.url);
    address.hostname = "127.0.0.1";
    await client.connect(new StreamableHTTPClientTransport(address));
    expect(await weatherIn(client)).toEqual(oslo);
  } finally {
    await http.stop();
  }
});

test("the first stage of the Dockerfile copies what there is, and the commands run its image at its port", () => {
  const text = readFileSync(join(root, "fixtures", "weather", "Dockerfile"), "utf8");
  const files = readdirSync(join(root, "fixtures", "weather"));
  for (const [, source] of text.matchAll(/^COPY (?!--)(\S+) /gm))
    expect(
      files.some(
        (file) => source === "." || new RegExp(`^${source!.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(file),
      ),
    ).toBe(true);
  // "COPY . ." would put packages of another platform over those that the image has installed.
  const ignored = readFileSync(join(root, "fixtures", "weather", ".dockerignore"), "utf8")
    .trim()
    .split("\n");
  expect(ignored).toEqual(expect.arrayContaining(["dist", "node_modules"]));
  const [, port] = /^EXPOSE (\d+)$/m.exec(text)!;
  const [build, start] = shownCommands("docker");
  expect(build).toBe("docker build -t weather .");
  const [, seconds] = /^docker run --rm --init --stop-timeout (\d+) -p (\d+):\2 weather$/.exec(start!)!;
  expect(start).toContain(`${port}:${port}`);
  // Running calls, their cut-off, the hook onStop, and the last bytes.
  expect(Number(seconds) * 1000).toBeGreaterThan(drainMs + 1000 + 10_000 + 1000);
});
