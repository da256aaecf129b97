import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { blocksTestedBy } from "../house/documents.js";
import { startPostgres, type Postgres } from "./postgres.js";
import { rawStdio, type RawStdio } from "./raw-stdio.js";

const bundle = join(import.meta.dirname, "..", "..", "fixtures", "pooled", "dist", "server.js");
const password = "correct-horse";
const folder = mkdtempSync(join(tmpdir(), "mcpc-pooled-"));
let postgres: Postgres;

beforeAll(async () => {
  postgres = await startPostgres(password);
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(env: Record<string, string>): RawStdio {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const server = rawStdio("env", [...variables, "node", bundle]);
  onTestFinished(() => void server.end());
  return server;
}

const add = async (server: RawStdio, text: string) =>
  (await server.request("tools/call", { name: "add_note", arguments: { text } })).result.structuredContent.note;
const list = async (server: RawStdio) =>
  (await server.request("tools/call", { name: "list_notes", arguments: {} })).result.structuredContent.notes;

describe.each([
  ["SQLite in memory, as nothing else is said", (): Record<string, string> => ({}), "forgotten"],
  ["SQLite in a file", () => ({ DATABASE_URL: `sqlite:${join(folder, "notes.db")}` }), "kept"],
  ["PostgreSQL", () => ({ DATABASE_URL: postgres.url }), "kept"],
])("%s", (_, env, afterwards) => {
  test("handlers share what onStart opened; the next process finds what is kept", async () => {
    const first = start(env());
    await first.initialize();
    expect(await add(first, "one")).toEqual({ id: 1, text: "one" });
    expect(await add(first, 'it\'s "two"; DROP TABLE notes')).toMatchObject({ id: 2 });
    expect((await list(first)).map(({ id }: { id: number }) => id)).toEqual([2, 1]);
    expect(await first.end()).toBe(0);
    const second = start(env());
    await second.initialize();
    expect((await list(second)).length).toBe(afterwards === "kept" ? 2 : 0);
    expect(await second.end()).toBe(0);
  });
});

const commands = blocksTestedBy("docs/pooled-clients.md", "test/e2e/pooled.test.ts").flatMap(({ text }) =>
  text.trim().split("\n"),
);
test.each(commands)("the guide's command serves: %s", async (command) => {
  const cwd = mkdtempSync(join(folder, "guide-"));
  symlinkSync(dirname(bundle), join(cwd, "dist"));
  const here = command.replace("postgres://app:secret@localhost/app", postgres.url);
  const server = rawStdio("sh", ["-c", here], cwd);
  await server.initialize();
  expect(await add(server, "one")).toMatchObject({ text: "one" });
  expect(await server.end()).toBe(0);
  expect(existsSync(join(cwd, "notes.db"))).toBe(command.includes("notes.db"));
});

const connections = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'notes'";

test("many calls at once share a few connections, and none is left when the server has stopped", async () => {
  const server = start({ DATABASE_URL: postgres.url, NOTES_MAX_CONNECTIONS: "3" });
  await server.initialize();
  const added = await Promise.all(Array.from({ length: 40 }, (_, index) => add(server, `note ${index}`)));
  expect(new Set(added.map(({ id }) => id)).size).toBe(40);
  expect(await postgres.ask(connections)).toBe(3);
  expect(await server.end()).toBe(0);
  // The database notices a moment later that a client has gone.
  await vi.waitFor(async () => expect(await postgres.ask(connections)).toBe(0), { timeout: 100_000 });
});

test("a connection that the database cuts is replaced", async () => {
  const server = start({ DATABASE_URL: postgres.url, NOTES_MAX_CONNECTIONS: "1" });
  await server.initialize();
  await add(server, "before");
  await postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notes'");
  // The call that meets the broken connection may fail; the one after it does not.
  await server.request("tools/call", { name: "add_note", arguments: { text: "during" } });
  expect(await add(server, "after")).toMatchObject({ text: "after" });
});

test("a database that is not there ends the start with a reason, and without the password", async () => {
  const server = start({ DATABASE_URL: `postgres://app:${password}@127.0.0.1:1/postgres` });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain("ECONNREFUSED");
  expect(server.stderr()).not.toContain(password);
});
