import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import type { Serving } from "../../compiler/model/summary.js";
import { differences, servingOf } from "../../compiler/serving.js";
import { memoryHost } from "./memory-host.js";

const tool = { name: "t", inputSchema: { type: "object" }, annotations: { readOnlyHint: true }, cache: { ttlMs: 5 } };

function served(runtime: object, name = "changing"): Serving {
  const manifest = { server: { name, version: "1.0.0" }, runtime, tools: [tool] };
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest) });
  const project = check(read(host).value!, host);
  expect(project.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return servingOf(lower(project.value!));
}

const bearer = { bearer: { env: "KEYS" } };
const http = (http: object) => ({ transports: { stdio: {}, http } });

test.each<[setting: string, before: object, after: object, kind: "fixed" | "swapped"]>([
  ["runtime.transports.stdio", { transports: { stdio: {}, http: {} } }, { transports: { http: {} } }, "fixed"],
  ["runtime.transports.http", { transports: { stdio: {} } }, http({}), "fixed"],
  ["runtime.transports.http.port", http({ port: 1 }), http({ port: 2 }), "fixed"],
  ["runtime.transports.http.port", http({ port: 1 }), http({ port: { env: "PORT" } }), "fixed"],
  ["runtime.transports.http.allowedHosts", http({}), http({ allowedHosts: ["a.example"] }), "fixed"],
  ["runtime.transports.http.sessions", http({}), http({ sessions: false }), "fixed"],
  ["runtime.transports.sse", http({}), { transports: { stdio: {}, http: {}, sse: {} } }, "fixed"],
  ["runtime.transports.websocket", http({}), { transports: { stdio: {}, http: {}, websocket: {} } }, "fixed"],
  ["runtime.transports.toolEvents", http({}), { transports: { stdio: {}, http: {}, toolEvents: {} } }, "fixed"],
  ["runtime.limits.maxBodyBytes", {}, { limits: { maxBodyBytes: 9000 } }, "fixed"],
  ["runtime.limits.maxSessions", {}, { limits: { maxSessions: 9 } }, "fixed"],
  ["runtime.limits.maxConnections", {}, { limits: { maxConnections: 9 } }, "fixed"],
  ["runtime.limits.maxKeptBytes", {}, { limits: { maxKeptBytes: 9_000_000 } }, "fixed"],
  ["runtime.limits.rate", {}, { limits: { rate: { perMinute: 9 } } }, "fixed"],
  ["runtime.limits.drainMs", { limits: { drainMs: 1 } }, { limits: { drainMs: 2 } }, "fixed"],
  ["runtime.cache.maxBytes", {}, { cache: { maxBytes: 1_000_000 } }, "fixed"],
  ["runtime.logging.level", { logging: { level: "info" } }, { logging: { level: "debug" } }, "fixed"],
  ["runtime.auth", { auth: bearer }, { auth: { bearer: { env: "OTHERS" } } }, "fixed"],
  ["runtime.limits.pageSize", { limits: { pageSize: 1 } }, { limits: { pageSize: 2 } }, "swapped"],
  ["runtime.limits.timeoutMs", {}, { limits: { timeoutMs: 9 } }, "swapped"],
  ["runtime.limits.maxSubscriptions", {}, { limits: { maxSubscriptions: 9 } }, "swapped"],
  ["runtime.limits.maxTasks", {}, { limits: { maxTasks: 9 } }, "swapped"],
  ["runtime.limits.taskTtlMs", {}, { limits: { taskTtlMs: 9000 } }, "swapped"],
  ["runtime.limits.concurrency", { limits: { concurrency: 1 } }, { limits: { concurrency: 2 } }, "swapped"],
  ["runtime.cache.listings", {}, { cache: { listings: { ttlMs: 9 } } }, "swapped"],
])("mcpc dev gives %s as the reason when that changes", (setting, before, after, kind) => {
  const other = kind === "fixed" ? "swapped" : "fixed";
  const [first, second] = [served(before), served(after)];
  expect(differences(first[kind], second[kind])).toEqual([setting]);
  expect(differences(first[other], second[other])).toEqual([]);
});

test("a new name of the server is the reason where callers are told it, and no other setting", () => {
  expect(differences(served({ auth: bearer }).fixed, served({ auth: bearer }, "renamed").fixed)).toEqual([
    "server.name",
  ]);
  expect(differences(served({}).fixed, served({}, "renamed").fixed)).toEqual([]);
  const [before, after] = [{ path: "/a" }, { path: "/b" }].map((path) => ({ ...http(path), auth: bearer }));
  expect(differences(served(before!).fixed, served(after!).fixed)).toEqual(["runtime.transports.http.path"]);
});
