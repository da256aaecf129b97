import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blocksTestedBy, root } from "../../house/documents.js";
import { project } from "../project.js";
import { cli, listener } from "./development.js";

/** What is another every time. */
const timeless = (log: string): string =>
  log
    .replace(/^\d\d:\d\d:\d\d /gm, "TIME ")
    .replace(/ in \d+ ms/g, " in MS")
    .replace(/127\.0\.0\.1:\d+/g, "ADDRESS");

test("the session in the guide goes as it says", async () => {
  const [session, ...others] = blocksTestedBy("docs/dev.md", "test/e2e/dev/guide.test.ts");
  expect(others).toEqual([]);
  const folder = project({});
  cpSync(join(root, "fixtures", "tutorial"), folder, { recursive: true });
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  const edit = (path: string, from: string, to: string): void => {
    const before = readFileSync(join(folder, path), "utf8");
    expect(before).toContain(from);
    writeFileSync(join(folder, path), before.replace(from, to));
  };
  const process = spawn("node", [cli, "dev", "--transport", "http", "--port", "0"], { cwd: folder, stdio: "pipe" });
  onTestFinished(() => void process.kill("SIGKILL"));
  const { said, text } = listener(process.stderr);
  await said(/ built in .*/);
  edit("src/tools/greet.ts", "Hello", "Hi");
  await said(/rebuilt in .*/);
  edit("src/tools/greet.ts", "tooShy", "tooShyy");
  await said(/not rebuilt.*/);
  edit("src/tools/greet.ts", "tooShyy({ name })", "tooShy({ name: `Mr ${name}` })");
  await said(/rebuilt in .*/);
  edit(
    "greeter.mcp.json",
    '"tools": [',
    '"tools": [{ "name": "farewell", "description": "Says goodbye.", "inputSchema": { "type": "object", "properties": {} } },',
  );
  await said(/rebuilt in .*/);
  edit("greeter.mcp.json", '"tools": [', '"runtime": { "limits": { "rate": { "perMinute": 60 } } }, "tools": [');
  await said(/rebuilt in .*/);
  process.kill("SIGTERM");
  await once(process, "exit");
  // The new process says the same of its address.
  const [command, ...lines] = timeless(session!.text).trim().split("\n");
  expect(command).toBe("$ npx mcpc dev --transport http");
  const [address] = lines;
  expect(timeless(text()).trim().split("\n")).toEqual(lines.toSpliced(-1, 0, address!));
});
