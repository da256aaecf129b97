import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { kept, mcpc, project } from "./project.js";

/** The settings that servers usually have. */
const config = {
  properties: {
    serverName: { type: "string", minLength: 1, default: "settings" },
    debug: { type: "boolean", default: false },
    databaseUrl: { type: "string", format: "uri", env: "DATABASE_URL", secret: true },
    maxConnections: { type: "integer", minimum: 1, maximum: 100, default: 10 },
    ratio: { type: "number", exclusiveMinimum: 0 },
    regions: { type: "array", items: { enum: ["eu", "us"] } },
    mode: { enum: ["fast", "safe"], default: "safe" },
  },
  required: ["databaseUrl"],
};
const manifest = {
  server: { name: "settings", version: "1.0.0" },
  tools: [
    {
      name: "show",
      description: "Shows the settings.",
      inputSchema: { type: "object", properties: {}, additionalProperties: false },
    },
  ],
  runtime: { config },
};
const show = `import type { Show } from "../../generated/types.js";
export const show: Show = (_input, { config }) => JSON.stringify({ ...config, twice: config.maxConnections * 2 });
`;

let folder: string;
beforeAll(() => {
  folder = kept({ "a.mcp.json": manifest, "src/tools/show.ts": show });
  expect(mcpc(folder, "build")).toMatchObject({ code: 0, stderr: "" });
});

const call = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"show"}}
`;

function run(env: Record<string, string>, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync("node", [join("dist", "server.js"), ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...env },
    input: call,
    encoding: "utf8",
  });
  const answer = stdout.startsWith("{") ? JSON.parse(stdout.trim().split("\n").at(-1)!) : undefined;
  const text = answer?.result?.content?.[0]?.text;
  return { code: status, stdout, stderr, settings: text === undefined ? undefined : JSON.parse(text) };
}

function file(content: unknown): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(folder, "config.json"), text);
  return "config.json";
}

const url = "postgres://app:hunter2@db.example/app";
const usual = { serverName: "settings", debug: false, maxConnections: 10, mode: "safe", twice: 20 };

describe("settings come from the environment, the file, the defaults, in that order", () => {
  test.each<[string, Record<string, string>, unknown, object]>([
    ["defaults", { DATABASE_URL: url }, undefined, { ...usual, databaseUrl: url }],
    [
      "texts of the environment, read as what they stand for",
      {
        DATABASE_URL: url,
        SETTINGS_DEBUG: "true",
        SETTINGS_MAX_CONNECTIONS: "3",
        SETTINGS_RATIO: "0.5",
        SETTINGS_REGIONS: '["eu"]',
      },
      undefined,
      { ...usual, databaseUrl: url, debug: true, maxConnections: 3, ratio: 0.5, regions: ["eu"], twice: 6 },
    ],
    [
      "the file, and an environment that comes before it",
      { SETTINGS_MODE: "fast" },
      { databaseUrl: url, maxConnections: 7, mode: "safe", debug: true },
      { ...usual, databaseUrl: url, maxConnections: 7, mode: "fast", debug: true, twice: 14 },
    ],
    [
      "an empty variable is none",
      { DATABASE_URL: url, SETTINGS_MAX_CONNECTIONS: "" },
      { maxConnections: 8 },
      { ...usual, databaseUrl: url, maxConnections: 8, twice: 16 },
    ],
    [
      "a file with a byte order mark",
      {},
      `\uFEFF${JSON.stringify({ databaseUrl: url })}`,
      { ...usual, databaseUrl: url },
    ],
  ])("%s", (_, env, content, expected) => {
    const args = content === undefined ? [] : ["--config", file(content)];
    expect(run(env, ...args)).toMatchObject({ code: 0, stderr: "", settings: expected });
  });

  test("the file can be named by MCPC_CONFIG", () => {
    const found = run({ MCPC_CONFIG: file({ databaseUrl: url, maxConnections: 5 }) });
    expect(found.settings).toMatchObject({ maxConnections: 5 });
  });
});

describe("every wrong setting is told at once, by its variable, and the process ends with code 2", () => {
  test.each<[string, Record<string, string>, unknown, readonly string[]]>([
    ["missing", {}, undefined, ['DATABASE_URL is not set: "databaseUrl" is required']],
    [
      "several",
      {
        DATABASE_URL: "hunter2",
        SETTINGS_DEBUG: "hunter2",
        SETTINGS_MAX_CONNECTIONS: "many",
        SETTINGS_RATIO: "0",
        SETTINGS_REGIONS: '["mars"]',
        SETTINGS_MODE: "slow",
      },
      undefined,
      [
        "SETTINGS_DEBUG must be true or false",
        "SETTINGS_MAX_CONNECTIONS must be a number",
        'DATABASE_URL: "databaseUrl" must be a valid uri',
        'SETTINGS_RATIO: "ratio" must be > 0',
        'SETTINGS_REGIONS: "regions[0]" must be one of "eu","us"',
        'SETTINGS_MODE: "mode" must be one of "fast","safe"',
      ],
    ],
    ["not JSON", { DATABASE_URL: url, SETTINGS_REGIONS: "eu,us" }, undefined, ["SETTINGS_REGIONS must be JSON"]],
    [
      "in the file",
      { DATABASE_URL: url },
      { maxConnections: 1000, debug: "yes" },
      ['config.json: "debug" must be of type boolean', 'config.json: "maxConnections" must be <= 100'],
    ],
    [
      "unknown in the file",
      { DATABASE_URL: url },
      { maxConnection: 5 },
      [
        'config.json has "maxConnection", which is no setting; there are serverName, debug, databaseUrl, maxConnections, ratio, regions, mode',
      ],
    ],
    ["a file of something else", { DATABASE_URL: url }, [1], ["config.json must hold a JSON object"]],
  ])("%s", (_, env, content, problems) => {
    const args = content === undefined ? [] : ["--config", file(content)];
    const { code, stdout, stderr } = run(env, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`the settings are not right:\n${problems.map((problem) => `  ${problem}\n`).join("")}`);
    expect(stderr).not.toContain("hunter2");
  });

  test.each([
    ["missing.json", /^  the configuration file missing\.json cannot be read: ENOENT/m],
    [
      () => file('{ "databaseUrl": "hunter2" oops'),
      /^  the configuration file config\.json cannot be read: it is not JSON/m,
    ],
  ])("a file that cannot be read: %#", (path, expected) => {
    const { code, stderr } = run({}, "--config", typeof path === "string" ? path : path());
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toContain("hunter2");
  });
});

test("--help lists the settings and their variables, and shows no value of the environment", () => {
  const { code, stdout } = run({ DATABASE_URL: url }, "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("\n  --help           print this\n\nEnvironment variables of this server:\n");
  expect(stdout).toContain("\n  DATABASE_URL              databaseUrl (secret, required)\n");
  expect(stdout).toContain("\n  SETTINGS_MAX_CONNECTIONS  maxConnections (default 10)\n");
  expect(stdout).not.toContain("hunter2");
});

test("what the process is told is told with the settings; flags come before the environment", () => {
  const wrong = {
    MCPC_TRANSPORT: "smoke",
    MCPC_PORT: "many",
    MCPC_LOG_LEVEL: "loud",
    MCPC_CONFIG: "missing.json",
    SETTINGS_DEBUG: "perhaps",
  };
  const levels = "there are debug, info, notice, warning, error, critical, alert, emergency";
  const told = (...problems: string[]) => ({
    code: 2,
    stdout: "",
    stderr: `the settings are not right:\n${problems.map((problem) => `  ${problem}\n`).join("")}`,
  });
  expect(run(wrong)).toMatchObject(
    told(
      'MCPC_TRANSPORT: no transport "smoke"; this server has stdio and http',
      'MCPC_PORT: the port must be a number from 0 to 65535, not "many"',
      `MCPC_LOG_LEVEL: no log level "loud"; ${levels}`,
      "the configuration file missing.json cannot be read: ENOENT: no such file or directory, open 'missing.json'",
      "SETTINGS_DEBUG must be true or false",
    ),
  );
  const flags = ["--transport", "stdio", "--port", "65536", "--log-level", "quiet", "--config", file({ debug: 1 })];
  expect(run({ ...wrong, SETTINGS_DEBUG: "" }, ...flags)).toMatchObject(
    told(
      '--port: the port must be a number from 0 to 65535, not "65536"',
      `--log-level: no log level "quiet"; ${levels}`,
      'config.json: "debug" must be of type boolean',
      'DATABASE_URL is not set: "databaseUrl" is required',
    ),
  );
  const empty = { MCPC_TRANSPORT: "", MCPC_PORT: "", MCPC_HOST: "", MCPC_LOG_LEVEL: "", MCPC_CONFIG: "" };
  expect(run({ ...empty, DATABASE_URL: url })).toMatchObject({ code: 0, stderr: "", settings: usual });
});

test("a server without settings of its own tells what is wrong with the process all the same", () => {
  const plain = project({ "a.mcp.json": { ...manifest, runtime: {} } });
  mcpc(plain, "build");
  const outcome = spawnSync("node", ["dist/server.js", "--port", "-1"], {
    cwd: plain,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], MCPC_LOG_LEVEL: "loud" },
  });
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
  expect(outcome.stderr).toContain("--port");
});

test("--print-config tells each setting and its source, and no secret", () => {
  const { code, stdout, stderr } = run(
    { DATABASE_URL: url, SETTINGS_DEBUG: "1" },
    "--print-config",
    "--config",
    file({ maxConnections: 4 }),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`serverName      "settings"  from default
debug           true        from SETTINGS_DEBUG
databaseUrl     (secret)    from DATABASE_URL
maxConnections  4           from config.json
ratio           not set     set SETTINGS_RATIO
regions         not set     set SETTINGS_REGIONS
mode            "safe"      from default
`);
});

test("a setting that is used as what it is not is a type error at the handler's line", () => {
  const wrong = show.replace("config.maxConnections * 2", "config.databaseUrl * 2");
  const { code, stderr } = mcpc(project({ "a.mcp.json": manifest, "src/tools/show.ts": wrong }), "check");
  expect(code).toBe(1);
  expect(stderr).toContain("--> src/tools/show.ts:2");
});

test("a server without settings says so", () => {
  const plain = project({ "a.mcp.json": { ...manifest, runtime: {} } });
  mcpc(plain, "build");
  const outcome = spawnSync("node", ["dist/server.js", "--config", "x.json"], { cwd: plain, encoding: "utf8" });
  expect(outcome).toMatchObject({ status: 2, stderr: "this server has no settings to configure\n" });
});

test.each([
  [
    "a default that the setting may not have",
    { port: { type: "integer", minimum: 1, default: 0 } },
    '"port" must be >= 1',
  ],
  [
    "one variable for two settings",
    { apiUrl: {}, other: { env: "SETTINGS_API_URL" } },
    'two settings are named "SETTINGS_API_URL"',
  ],
  ["a schema that is none", { port: { type: "int" } }, '"type" must be equal'],
  ["a variable that is none", { port: { env: "a b" } }, '"env"'],
  ["a keyword that is none", { port: { type: "integer", minimun: 1 } }, '"minimun"'],
])("at build: %s", (_, properties, expected) => {
  const { stderr } = mcpc(project({ "a.mcp.json": { ...manifest, runtime: { config: { properties } } } }), "build");
  expect(stderr).toContain(expected);
  expect(stderr).toMatch(/--> a\.mcp\.json:\d+/);
});
