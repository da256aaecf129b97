import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { variablesText } from "../../compiler/4-emit/variables.js";
import { memoryHost } from "./memory-host.js";

/** What `--help` of a built server says of its environment variables, with this `runtime` section. */
function help(runtime: object): string | undefined {
  const manifest = { server: { name: "made", version: "1.0.0" }, runtime };
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest) });
  const project = check(read(host).value!, host);
  expect(project.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return variablesText(lower(project.value!));
}

const env = (name: string) => ({ env: name });
const http = { transports: { http: {} } };

test.each<[what: string, runtime: object, lines: readonly string[]]>([
  [
    "settings, with what they are for",
    {
      config: {
        properties: {
          apiUrl: {
            type: "string",
            description: "Where the API is,\n  with its path.",
            default: "https://api.example",
          },
          regions: { type: "array", items: { type: "string" }, default: ["eu"] },
          limit: { type: "integer" },
          database: { type: "string", env: "DATABASE_URL" },
        },
        required: ["database", "apiUrl"],
      },
    },
    [
      '  MADE_API_URL  apiUrl: Where the API is, with its path. (default "https://api.example")',
      '  MADE_REGIONS  regions (default ["eu"])',
      "  MADE_LIMIT    limit (optional)",
      "  DATABASE_URL  database (required)",
    ],
  ],
  [
    "secrets, without their defaults",
    {
      config: {
        properties: {
          token: { type: "string", secret: true, default: "hunter2", description: "Of the API." },
          key: { type: "string", secret: true },
        },
        required: ["key"],
      },
    },
    ["  MADE_TOKEN  token: Of the API. (secret, has a default)", "  MADE_KEY    key (secret, required)"],
  ],
  [
    "keys in a variable",
    { ...http, auth: { bearer: {} } },
    ["  MCPC_API_KEYS  keys of those who may call (secret, required)"],
  ],
  [
    "keys in a variable or a file, and a caller over stdio",
    { transports: { stdio: {}, http: {} }, auth: { bearer: { env: "KEYS", file: env("KEYS_FILE") } } },
    [
      "  KEYS               keys of those who may call (secret, optional)",
      "  KEYS_FILE          the file of those keys (optional)",
      "  MCPC_ACCESS_TOKEN  the credentials of the caller over stdio (secret, optional)",
    ],
  ],
  [
    "OAuth, one row for each variable",
    {
      ...http,
      auth: {
        oauth: {
          issuer: env("ISSUER"),
          metadataUrl: env("METADATA"),
          audience: [env("ADDRESS"), "https://fixed.example"],
          resource: env("ADDRESS"),
          introspection: { clientId: env("CLIENT"), clientSecret: env("CLIENT_SECRET") },
        },
      },
    },
    [
      "  ISSUER         the address of the authorization server (required)",
      "  METADATA       the address of its metadata (optional)",
      "  ADDRESS        what access tokens call this server; this server's public address (required)",
      "  CLIENT         this server's name at the authorization server (required)",
      "  CLIENT_SECRET  its secret there (secret, required)",
    ],
  ],
  [
    "the address, over http alone",
    { transports: { http: { port: env("PORT"), allowedHosts: env("HOSTS"), allowedOrigins: [env("ORIGINS")] } } },
    [
      "  PORT     the port of http (required over http)",
      "  HOSTS    host names that it is called by, separated by commas (required over http)",
      "  ORIGINS  origins of web pages that may call, separated by commas (required over http)",
    ],
  ],
])("--help lists %s", (_, runtime, lines) => {
  expect(help(runtime)!.split("\n")).toEqual(["Environment variables of this server:", ...lines, ""]);
});

test("--help breaks a long description into lines, and keeps none of its control characters", () => {
  const description = `${"word ".repeat(40)}\u001b[31mred`;
  const lines = help({ config: { properties: { long: { type: "string", description } } } })!.split("\n");
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines.slice(2, -1).every((line) => line.startsWith(" ".repeat(13)))).toBe(true);
  expect(lines.join("")).not.toContain("\u001b");
});

test.each([{}, http, { logging: {} }])("--help says nothing of variables where there are none: %j", (runtime) => {
  expect(help(runtime)).toBeUndefined();
});
