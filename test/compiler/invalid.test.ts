import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compile, type Options } from "../../compiler/index.js";
import { catalogue, type Code } from "../../compiler/diagnostics/catalogue.js";
import { formatPretty } from "../../compiler/diagnostics/render.js";
import { rules } from "../../compiler/lint/rules.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { verification } from "../../compiler/verify/index.js";
import { contents, write } from "../e2e/project.js";
import { expectWellFormed } from "./every-report.js";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "invalid");
const subfolders = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const codes = subfolders(folder).flatMap((area) =>
  subfolders(join(folder, area)).map((name) => `${area}/${name}` as Code),
);

interface FixtureOptions extends Partial<Options> {
  /** The arguments of `mcpc verify`, for what only a target can show. */
  readonly verify?: { readonly target: string; readonly calls?: true };
}

const quiet = { color: false, headers: {}, env: {}, stderr: () => undefined, calls: false, timeoutMs: 60_000 };

/** What the command line asked for, where that matters. */
function optionsOf(code: Code): FixtureOptions {
  const file = join(folder, code, "options.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as FixtureOptions) : {};
}

/** A large file is small in the repository: `padded.json` says up to how many bytes spaces follow. */
function pad(folder: string, code: Code, copy: string): void {
  const file = join(folder, code, "padded.json");
  if (!existsSync(file)) return;
  for (const [path, bytes] of Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, number>))
    writeFileSync(join(copy, path), readFileSync(join(copy, path), "utf8").padEnd(bytes));
}

/** What version control does not keep on every platform: `linked.json` says which link leads where. */
function link(folder: string, code: Code, copy: string): void {
  const file = join(folder, code, "linked.json");
  if (!existsSync(file)) return;
  for (const [path, to] of Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, string>))
    symlinkSync(to, join(copy, path), "junction");
}

/** Found only once the manifests are right: by then generated code is written; a bundle and a lock file are not. */
const afterWriting: readonly string[] = [
  "bundle/external-needed",
  "bundle/failed",
  "bundle/own-file",
  "handler/missing-export",
  "handler/type-error",
  "tsconfig/invalid",
];

test("every code has its fixture, and every fixture its code", () => {
  const own = Object.keys(catalogue).filter((code) => !Object.hasOwn(rules, code));
  expect([...codes].sort()).toEqual(own.sort());
});

test.each(codes)("%s", async (code) => {
  const copy = mkdtempSync(join(tmpdir(), "mcpc-invalid-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(join(folder, code), copy, {
    recursive: true,
    filter: (path) => !/(expected\.txt|(?:options|padded|linked)\.json)$/.test(path),
  });
  pad(folder, code, copy);
  link(folder, code, copy);
  const before = contents(copy);
  const host = nodeHost(copy);
  const { verify, ...options } = optionsOf(code);
  const { diagnostics } = verify
    ? (await verification(verify.target, host, { ...quiet, cwd: copy, folder: copy, ...verify })).report
    : await compile(host, { mode: "build", ...options });
  const textOf = (path: string): string | undefined => {
    const bytes = host.read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  const report = { diagnostics, textOf, prefix: "" };
  await expect(formatPretty(report, { color: false })).toMatchFileSnapshot(join(folder, code, "expected.txt"));
  expectWellFormed([report]);
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
  const { severity } = catalogue[code];
  expect(diagnostics.find((diagnostic) => diagnostic.code === code)?.severity).toBe(severity);
  if (severity === "warning") return;
  const after = contents(copy);
  if (afterWriting.includes(code)) expect(Object.keys(after).filter((path) => /^dist|lock/.test(path))).toEqual([]);
  else expect(after).toEqual(before);
});

test("deferTask without a task to defer is a mistake, not without effect", async () => {
  const copy = mkdtempSync(join(tmpdir(), "mcpc-invalid-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const tool = { name: "t", inputSchema: { type: "object" }, deferTask: true };
  write(copy, { "a.mcp.json": { server: { name: "x", version: "1.0.0" }, tools: [tool] } });
  const { diagnostics } = await compile(nodeHost(copy), { mode: "check" });
  expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
    ["manifest/invalid-value", expect.stringContaining('"deferTask" needs "execution"')],
  ]);
});
