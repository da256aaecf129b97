import { expect, test } from "vitest";
import { createLogging } from "../../runtime/logging/logging.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import type { LogRecord } from "../../runtime/protocol/logger.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";
import { unreadConsole } from "./unread-console.js";

const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };

/** A server that logs each request, and its entries. */
function logged() {
  const entries: (readonly [message: string, details: Readonly<Record<string, unknown>>])[] = [];
  const { surface, handlers } = serverWith({ job: async () => "done" } as never);
  const tools = surface.tools.map((tool) => ({ ...tool, task: "optional" as const }));
  const logging = {
    ...createLogging({ level: "info", format: "json", redact: [], requests: "info" }),
    write: ({ message, details }: LogRecord) => void entries.push([message, details]),
  };
  return { server: defineServer({ ...surface, tools }, handlers, () => ({ logging })), entries };
}

test.each([
  ["a tool", "tools/call", { name: "none" }, "none"],
  ["a long name", "tools/call", { name: "n".repeat(1000) }, "n".repeat(200)],
  ["a resource", "resources/read", { uri: "memo://one" }, "memo://one"],
  ["a prompt to complete", "completion/complete", { ref: { type: "ref/prompt", name: "greet" } }, "greet"],
  [
    "a template to complete",
    "completion/complete",
    { ref: { type: "ref/resource", uri: "memo://{id}" } },
    "memo://{id}",
  ],
  ["a name that is no text", "tools/call", { name: 5 }, undefined],
])("the entry of a request names %s", async (_, method, params, name) => {
  const { server, entries } = logged();
  const { request } = await converse(server, "2026-07-28");
  await request(method, params);
  expect(entries).toEqual([["answered", expect.objectContaining({ method, outcome: "error" })]]);
  expect(entries[0]![1]["name"]).toBe(name);
});

test("the entry of a method that clients make up is short", async () => {
  const { server, entries } = logged();
  const { request } = await converse(server, "2026-07-28");
  await request("m".repeat(1000));
  expect(entries[0]![1]["method"]).toBe("m".repeat(200));
});

test("a task has an entry for its call, and one for its end", async () => {
  const { server, entries } = logged();
  const { request } = await converse(server, "2026-07-28", capabilities);
  const { taskId: task } = (await request("tools/call", { name: "job" })).result;
  await expect.poll(() => entries.length).toBe(2);
  const named = { method: "tools/call", name: "job", task };
  expect(entries).toEqual([
    ["answered", expect.objectContaining({ ...named, outcome: "task" })],
    ["the task has ended", expect.objectContaining({ ...named, outcome: "ok" })],
  ]);
});

test("while nothing reads standard error, a worker counts its entries, and the file has them all", () => {
  const printed = unreadConsole();
  const file: string[] = [];
  const { write } = createLogging({
    ...{ level: "info", format: "json", redact: [], requests: "off" },
    file: (line) => void file.push(line),
  });
  const log = (message: string): void => write({ time: "", level: "info", message, details: { worker: 2 } });
  log("first");
  for (const round of [1, 2]) {
    printed.unread = 2 * 1024 * 1024;
    for (let dropped = 0; dropped <= round; dropped += 1) log("dropped");
    printed.unread = 0;
    log("next");
  }
  const lost = "standard error was not read: entries are lost";
  expect(printed.lines.map((line) => JSON.parse(line))).toEqual([
    { time: "", level: "info", message: "first", worker: 2 },
    { time: "", level: "warning", message: lost, worker: 2, lost: 2 },
    { time: "", level: "info", message: "next", worker: 2 },
    { time: "", level: "warning", message: lost, worker: 2, lost: 3 },
    { time: "", level: "info", message: "next", worker: 2 },
  ]);
  const messages = ["first", "dropped", "dropped", "next", "dropped", "dropped", "dropped", "next"];
  expect(file.map((line) => JSON.parse(line).message)).toEqual(messages);
});
