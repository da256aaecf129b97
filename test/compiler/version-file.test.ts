import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../compiler/2-check/index.js";
import { read } from "../../compiler/1-read/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { project, write } from "../e2e/project.js";

/** What becomes of a server in `servers/a.mcp.json` whose version a file has. */
function versionIn(file: unknown, files: Readonly<Record<string, unknown>>, prepare?: (folder: string) => void) {
  const folder = project({});
  const inside = join(folder, "project");
  write(inside, { "servers/a.mcp.json": { server: { name: "a", version: { file } } }, ...files });
  prepare?.(inside);
  const host = nodeHost(inside);
  const { value: sources, diagnostics: unreadable } = read(host);
  if (!sources || unreadable.length > 0) return unreadable.map(({ code, span }) => `${code} ${span?.path}`);
  const { value: checked, diagnostics } = check(sources, host);
  if (!checked || diagnostics.length > 0) return diagnostics.map(({ code, span }) => `${code} ${span?.path}`);
  return lower(checked).info["version"];
}

const manifest = "servers/a.mcp.json";
const outside = { version: "6.6.6" };

test.each<[what: string, file: unknown, files: Record<string, unknown>, becomes: unknown]>([
  ["beside the manifest", "./v.json", { "servers/v.json": { version: "1.2.3" } }, "1.2.3"],
  ["above it, in the project", "../package.json", { "package.json": { version: "1.2.3-rc.1+5" } }, "1.2.3-rc.1+5"],
  ["with comments and a byte order mark", "v.json", { "servers/v.json": '\uFEFF{ "version": "1", /* */ }' }, "1"],
  ["with a number that is too long", "v.json", { "servers/v.json": '{"n":12345678901234567890,"version":"1"}' }, "1"],
  ["absent", "./package.json", {}, [`file/not-found ${manifest}`]],
  ["a folder", "../folder", { "folder/x": "" }, [`file/not-found ${manifest}`]],
  ["without a version", "v.json", { "servers/v.json": {} }, ["file/no-version servers/v.json"]],
  ["an empty version", "v.json", { "servers/v.json": { version: "" } }, ["file/no-version servers/v.json"]],
  ["a blank version", "v.json", { "servers/v.json": { version: " " } }, ["file/no-version servers/v.json"]],
  ["a version that is a number", "v.json", { "servers/v.json": { version: 1 } }, ["file/no-version servers/v.json"]],
  ["a list", "v.json", { "servers/v.json": ["version"] }, ["file/no-version servers/v.json"]],
  ["not JSON", "v.json", { "servers/v.json": "version = 1" }, ["file/invalid-json servers/v.json"]],
  ["too deep", "v.json", { "servers/v.json": "[".repeat(300) }, ["file/too-deep servers/v.json"]],
  ["too large", "v.json", { "servers/v.json": " ".repeat(2 ** 24 + 1) }, [`file/too-large ${manifest}`]],
  ["outside of the project", "../../v.json", {}, [`file/outside-project ${manifest}`]],
  ["an absolute path", "/etc/v.json", {}, [`file/outside-project ${manifest}`]],
  ["no text", 5, {}, [`manifest/wrong-type ${manifest}`]],
])("a version in a file: %s", (_, file, files, becomes) => {
  const found = versionIn(file, files, (folder) => write(folder, { "../v.json": outside }));
  // A file that cannot be read may have several mistakes.
  expect(Array.isArray(found) ? found.slice(0, 1) : found).toEqual(becomes);
});

test.runIf(process.platform !== "win32")("no link out of the project is followed", () => {
  const linked = (folder: string): void => {
    write(folder, { "../v.json": outside });
    mkdirSync(join(folder, "linked"));
    symlinkSync("../../v.json", join(folder, "linked", "v.json"));
  };
  expect(versionIn("../linked/v.json", {}, linked)).toEqual([`file/outside-project ${manifest}`]);
});
