import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serverOf } from "./clients.js";

const server = serverOf("contract");
const request = (id: number, method: string, params: object): string =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
const initialize = request(0, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});

/** Answers around what is written without a stream, and around what a pipe holds. */
const sizes = [10, 100, 6000, 3, 9000, 20_000, 1, 70_000, 500_000, 2, 40];
const texts = sizes.map((size, index) => `${index} ${"é".repeat(size)}`);
const calls = texts.map((text, index) => request(index + 1, "tools/call", { name: "echo", arguments: { text } }));

function expectAnswers(output: string): void {
  const lines = output.split("\n");
  expect(lines.pop()).toBe("");
  const answers = lines.map((line) => JSON.parse(line) as { id: number; result: any });
  expect(answers[0]).toMatchObject({ id: 0, result: { serverInfo: { name: "contract" } } });
  expect(answers.slice(1).map(({ id }) => id)).toEqual(texts.map((_, index) => index + 1));
  for (const [index, { result }] of answers.slice(1).entries()) expect(result.content[0].text).toBe(texts[index]);
}

/** Runs a command with this input, in these pieces; what it writes. */
async function run(command: string, args: string[], pieces: readonly string[], stdout: "pipe" | number = "pipe") {
  const stdio: StdioOptions = ["pipe", stdout, "inherit"];
  const child = spawn(command, args, { stdio });
  child.stdin!.on("error", () => {});
  const exited = once(child, "exit");
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = child.stdout ? once(child.stdout, "end") : undefined;
  for (const piece of pieces) await new Promise((written) => child.stdin!.write(piece, written));
  child.stdin!.end();
  await ended;
  expect(await exited).toEqual([0, null]);
  return output;
}

test.each([
  ["one by one", [initialize, ...calls]],
  ["all at once", [[initialize, ...calls].join("")]],
])("answers leave whole and in order, asked for %s: a socket, a pipe, a file", async (_name, pieces) => {
  expectAnswers(await run("node", [server], pieces));
  expectAnswers(await run("sh", ["-c", `cat | node "${server}" | cat`], pieces));
  const folder = mkdtempSync(join(tmpdir(), "mcpc-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "answers");
  await run("node", [server], pieces, openSync(file, "w"));
  expectAnswers(readFileSync(file, "utf8"));
});

test("a client that asks for all and reads none gets all when it reads", async () => {
  const child = spawn("node", [server], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((written) => child.stdin.write([initialize, ...calls].join(""), written));
  child.stdin.end();
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) output += text;
  expectAnswers(output);
});

test.each([
  ["the first", [initialize]],
  ["a large", [initialize, ...calls]],
])("a client that is gone before %s answer ends the server in good order", async (_name, pieces) => {
  const child = spawn("node", [server], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  child.stdout.destroy();
  await once(child.stdout, "close");
  child.stdin.write(pieces.join(""));
  expect(await once(child, "exit")).toEqual([0, null]);
});
