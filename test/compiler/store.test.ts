import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { runtimeCode } from "../../compiler/4-emit/runtime.js";
import { memoryHost } from "./memory-host.js";

const url = { env: "REDIS_URL" };

function compiled(store: object, name = "shared"): ReturnType<typeof compileManifests> {
  const manifest = { server: { name, version: "1.0.0" }, runtime: { store } };
  return compileManifests(memoryHost({ "a.mcp.json": JSON.stringify(manifest) }));
}

test.each<[what: string, store: object, message: string]>([
  ["a password in the URL", { redis: { url: "redis://:hunter2@host" } }, '"url" would put a secret into the manifest'],
  ["a user in the URL", { redis: { url: "rediss://user@host/0" } }, '"url" would put a secret into the manifest'],
  [
    "a password of Sentinel",
    { redis: { url, sentinel: { name: "m", password: "hunter2" } } },
    '"password" would put a secret into the manifest',
  ],
  ["no URL of Redis", { redis: { url: "http://host" } }, '"url" cannot be "http://host": it is no URL of Redis'],
  ["no URL at all", { redis: {} }, '"redis" needs "url"'],
  ["both places", { redis: { url }, memory: {} }, 'shared state has one place: "memory" or "redis"'],
  [
    "a cluster with Sentinel",
    { redis: { url, cluster: true, sentinel: { name: "m" } } },
    'a cluster has no "sentinel"',
  ],
  [
    "braces in the prefix",
    { redis: { url, prefix: "a{b}" } },
    "a prefix has no blanks, braces or letters beyond ASCII",
  ],
  ["another place", { postgres: {} }, 'no field "postgres"'],
])("%s is reported", (_, store, message) => {
  const { diagnostics } = compiled(store);
  const text = diagnostics.map((diagnostic) => diagnostic.message).join("\n");
  expect(text).toContain(message);
  expect(JSON.stringify(diagnostics)).not.toContain("hunter2");
});

test.each<[store: object, options: object | undefined]>([
  [{ memory: {} }, undefined],
  [{ redis: { url } }, { url, prefix: "mcpc:shared:", commandTimeoutMs: 2000 }],
  [
    { redis: { url: "redis://a,b:7000/0", cluster: true, prefix: "p:", commandTimeoutMs: 500 } },
    { url: "redis://a,b:7000/0", prefix: "p:", cluster: true, commandTimeoutMs: 500 },
  ],
  [
    { redis: { url, sentinel: { name: "m", password: { env: "PW" } } } },
    { url, prefix: "mcpc:shared:", sentinel: { name: "m", password: { env: "PW" } }, commandTimeoutMs: 2000 },
  ],
])("the options of the store %j", (store, options) => {
  const { value, diagnostics } = compiled(store);
  expect(diagnostics).toEqual([]);
  expect(value!.server.runtime.store).toEqual(options);
  const code = runtimeCode(value!.server).options.join("\n");
  expect(code.includes("store: createRedisStore({")).toBe(options !== undefined);
});

test("the default prefix has no braces, which would be a hash tag", () => {
  expect(compiled({ redis: { url } }, "a {b} é").value?.server.runtime.store?.prefix).toBe(
    "mcpc:a%20%7Bb%7D%20%C3%A9:",
  );
});
