import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cli, processes, project, write } from "../project.js";
import { type Files, manifest, say, tool } from "./cases.js";

describe.runIf(process.platform === "linux")("TypeScript's process", () => {
  const right = { ...say, "src/tools/say.ts": "export const say = () => '';\n" };
  const large = { "a.mcp.json": manifest(...Array.from({ length: 200 }, (_, index) => tool(`t${index}`))) };
  const running = (folder: string): number[] => processes("--api").filter((pid) => processes(folder).includes(pid));
  const gone = (folder: string): Promise<void> => vi.waitFor(() => expect(running(folder)).toEqual([]), 100_000);

  interface Started {
    readonly folder: string;
    readonly pid: number;
    readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly said: string }>;
    /** What it has said so far. */
    said(): string;
  }
  /** In a group of its own, as a shell would. */
  function started(files: Files, ...args: string[]): Started {
    const folder = project(files);
    const child = spawn("node", [cli, ...args], { cwd: folder, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
    const ended = once(child, "close").then(
      ([code, signal]) => ({ code, signal, said: text }) as Awaited<Started["ended"]>,
    );
    return { folder, pid: child.pid!, ended, said: () => text };
  }

  test.each([
    ["a build", right, 0, /^typed: 1 tool -> /],
    ["a build of mistakes", { "a.mcp.json": manifest(tool("say"), tool("say")) }, 1, /^error\[name\/duplicate\]/],
    ["a build of no manifest", { "a.mcp.json": "{" }, 1, /^error\[file\/invalid-json\]/],
  ])("ends with %s", async (_, files, code, said) => {
    for (const command of ["build", "check"]) {
      const { folder, ended } = started(files, command);
      const outcome = await ended;
      if (command === "build") expect(outcome).toMatchObject({ code, said: expect.stringMatching(said) as string });
      expect(outcome.said).not.toMatch(/panic|goroutine|cancel/);
      await gone(folder);
    }
  });

  test.each(
    ["SIGINT", "SIGTERM", "SIGKILL"].flatMap((signal) => [0, 20, 100, 200].map((after) => [signal, after] as const)),
  )("ends with a build that %s ends, about %s ms after it began, and says nothing", async (signal, after) => {
    const { folder, pid, ended } = started(large, "build");
    await vi.waitFor(() => expect(running(folder)).not.toEqual([]), { timeout: 100_000, interval: 1 });
    await delay(after);
    // Ctrl-C is sent to all.
    process.kill(signal === "SIGINT" ? -pid : pid, signal);
    expect(await ended).toEqual({ code: null, signal, said: "" });
    await gone(folder);
  });

  test.each(["SIGINT", "SIGTERM", "SIGKILL"])("ends with mcpc dev that %s ends", async (signal) => {
    const { folder, pid, ended, said } = started(right, "dev", "--transport", "http", "--port", "0");
    await vi.waitFor(() => expect(said()).toContain("built in"), 100_000);
    process.kill(signal === "SIGINT" ? -pid : pid, signal);
    const outcome = await ended;
    expect(outcome).toMatchObject(signal === "SIGKILL" ? { signal } : { code: 0 });
    expect(outcome.said).not.toMatch(/panic|goroutine|cancel/);
    await gone(folder);
  });

  test("may be killed during a build, which begins another", async () => {
    const { folder, ended } = started(right, "build");
    await vi.waitFor(() => expect(running(folder)).not.toEqual([]), { timeout: 100_000, interval: 1 });
    for (const pid of running(folder)) process.kill(pid, "SIGKILL");
    expect(await ended).toEqual({
      code: 0,
      signal: null,
      said: expect.stringMatching(/^typed: 1 tool -> .*\n$/) as string,
    });
  });

  /** Runs a command with this done first in each of its threads. */
  function after(preload: string, command: string): { readonly status: number | null; readonly stderr: string } {
    const module = `data:text/javascript,${encodeURIComponent(preload)}`;
    return spawnSync("node", ["--import", module, cli, command], { cwd: project(right), encoding: "utf8" });
  }

  test.each(["build", "check"])("is of a package that may be missing: mcpc %s says what to do", (command) => {
    const { status, stderr } = after('Object.defineProperty(process, "arch", { value: "none" });', command);
    expect(stderr).toMatch(
      /^error: TypeScript for linux-none is not installed: .* install without --omit=optional \(.*\)\n$/,
    );
    expect(status).toBe(2);
  });

  test("is not the only one: where esbuild is missing, that is said", () => {
    const { status, stderr } = after('import os from "node:os"; os.arch = () => "none";', "build");
    expect(stderr).toMatch(
      /^error: esbuild for linux-\w+ is not installed: .* install without --omit=optional \(.*\)\n$/,
    );
    expect(status).toBe(2);
  });

  test.each([
    ["is not there", undefined, 0, /^error: TypeScript cannot be started: this machine does not execute \/.*\n$/],
    ["cannot be executed", "", 0o644, /^error: TypeScript cannot be started: this machine does not execute \/.*\n$/],
    ["is no program", "\u007fELF", 0o755, /^error: TypeScript ended before it had answered \(.*\)\n$/],
    ["ends at once", "#!/bin/sh\nexit 3\n", 0o755, /^error: TypeScript ended before it had answered \(.*\)\n$/],
  ])("is of a program; where that %s, it is said", (_, text, mode, said) => {
    const folder = project({});
    const program = join(folder, "program");
    if (text !== undefined) {
      write(folder, { program: text });
      chmodSync(program, mode);
    }
    const instead = `
      import children from "node:child_process";
      import { syncBuiltinESMExports } from "node:module";
      const { spawn } = children;
      children.spawn = (file, ...rest) => spawn(file.endsWith("/tsc") ? ${JSON.stringify(program)} : file, ...rest);
      syncBuiltinESMExports();
    `;
    for (const command of ["build", "check"]) {
      const { status, stderr } = after(instead, command);
      expect(stderr).toMatch(said);
      expect(status).toBe(2);
    }
  });
});
