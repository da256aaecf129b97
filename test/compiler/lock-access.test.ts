import { expect, test } from "vitest";
import { lockFile } from "../../compiler/4-emit/lock.js";
import { compileManifests } from "../../compiler/compile-manifests.js";
import { memoryHost } from "./memory-host.js";

interface Case {
  readonly name: string;
  /** The scopes of each tool. */
  readonly tools: Readonly<Record<string, readonly string[]>>;
  readonly includes?: Readonly<Record<string, readonly string[]>>;
  /** `access` of the lock file. */
  readonly access: unknown;
}

const cases: readonly Case[] = [
  { name: "no entry has scopes", tools: { a: [], b: [] }, includes: { all: ["one"] }, access: undefined },
  {
    name: "entries without scopes are listed beside the others",
    tools: { a: [], b: ["one"] },
    access: { withoutScopes: ["tools/a"], scopes: { one: ["tools/b"] } },
  },
  {
    name: "an entry that needs several scopes is listed under each, with the others",
    tools: { a: ["one", "two", "three"] },
    access: {
      withoutScopes: [],
      scopes: {
        one: ["tools/a with two, three"],
        three: ["tools/a with one, two"],
        two: ["tools/a with one, three"],
      },
    },
  },
  {
    name: "an included scope counts, through several steps",
    tools: { a: ["read"], b: ["write", "read"], c: ["bill"] },
    includes: { admin: ["write"], write: ["read"] },
    access: {
      withoutScopes: [],
      scopes: {
        admin: ["tools/a", "tools/b"],
        bill: ["tools/c"],
        read: ["tools/a", "tools/b with write"],
        write: ["tools/a", "tools/b"],
      },
    },
  },
  {
    name: "scopes may include each other",
    tools: { a: ["one"] },
    includes: { one: ["two"], two: ["one"] },
    access: { withoutScopes: [], scopes: { one: ["tools/a"], two: ["tools/a"] } },
  },
  {
    name: "a scope that opens nothing is listed, so that its first entry shows",
    tools: { a: ["one"] },
    includes: { guest: ["nothing"] },
    access: { withoutScopes: [], scopes: { guest: [], one: ["tools/a"] } },
  },
  {
    name: "names of an object's own members are scopes like others",
    tools: { a: ["constructor"] },
    includes: { toString: ["constructor"] },
    access: { withoutScopes: [], scopes: { constructor: ["tools/a"], toString: ["tools/a"] } },
  },
];

test.each(cases)("access in the lock file: $name", ({ tools, includes = {}, access }) => {
  const manifest = {
    server: { name: "scoped", version: "1.0.0" },
    tools: Object.entries(tools).map(([name, scopes]) => ({
      name,
      inputSchema: { type: "object" },
      ...(scopes.length > 0 && { scopes }),
    })),
    runtime: { transports: { http: {} }, auth: { bearer: { env: "KEYS" }, includes } },
  };
  const { value, diagnostics } = compileManifests(memoryHost({ "a.mcp.json": JSON.stringify(manifest) }));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(JSON.parse(lockFile(value!.server, value!.costs)).access).toEqual(access);
});
