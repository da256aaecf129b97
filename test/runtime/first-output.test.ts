import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { firstOutput } from "../../runtime/node/first-output.js";

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpc-output-"));
  return () => rmSync(folder, { recursive: true });
});

function opened(path: string, flags: number | string): number {
  const file = openSync(path, flags);
  onTestFinished(() => closeSync(file));
  return file;
}

function pipe(): string {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

/** Writes `x` until there is no room; how many. */
function fill(file: number, size: number): number {
  for (let count = 0; ;)
    try {
      count += writeSync(file, Buffer.alloc(size, "x"));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
      return count;
    }
}

function drained(file: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  return bytes.toString("utf8", 0, readSync(file, bytes));
}

test("what comes first is written at once; what no pipe is sure to hold is not, nor what follows", () => {
  const path = join(folder, "file");
  const failed = vi.fn();
  const write = firstOutput(failed, opened(path, "w"));
  const bytes = new TextEncoder().encode("é🚀\n");
  expect(write(["a", bytes, "ü\n"])).toEqual([]);
  expect(write(["b".repeat(10_000)])).toEqual([]);
  const large = ["c".repeat(5000), new Uint8Array(5000)];
  expect(write(large)).toBe(large);
  expect(write(["d\n"])).toEqual([]);
  // Few characters, many bytes.
  const wide = "€".repeat(6000);
  expect(write([wide])).toEqual([Buffer.from(wide)]);
  expect(write(["e"])).toEqual(["e"]);
  expect(readFileSync(path, "utf8")).toBe(`aé🚀\nü\n${"b".repeat(10_000)}d\n`);
  expect(failed).not.toHaveBeenCalled();
});

test("what a full pipe does not take is left to be written", () => {
  const output = opened(pipe(), O_RDWR | O_NONBLOCK);
  const failed = vi.fn();
  fill(output, 1);
  expect(firstOutput(failed, output)(["a", "b"])).toEqual([Buffer.from("ab")]);
  expect(failed).not.toHaveBeenCalled();
});

test("of what a pipe takes in part, the rest is left to be written", () => {
  const output = opened(pipe(), O_RDWR | O_NONBLOCK);
  const text = Array.from({ length: 2000 }, (_, index) => `${index}\n`).join("");
  const most = fill(output, 4096);
  drained(output);
  writeSync(output, Buffer.alloc(most - 4096, "x"));
  const rest = firstOutput(() => expect.unreachable(), output)([text]);
  const written = drained(output).replace(/^x*/, "");
  expect(written.length).toBeGreaterThan(0);
  expect(rest).toHaveLength(1);
  expect(written + Buffer.from(rest[0] as Uint8Array).toString()).toBe(text);
});

test("that nobody reads is told, and nothing is left to be written", () => {
  const path = pipe();
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const output = opened(path, O_WRONLY);
  closeSync(reader);
  const failed = vi.fn();
  expect(firstOutput(failed, output)(["a"])).toEqual([]);
  expect(failed).toHaveBeenCalledOnce();
});
