import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createAuthentication } from "../../runtime/auth/authentication.js";
import { oauth } from "../../runtime/auth/oauth.js";
import { fieldRules, readHttp } from "../../runtime/transports/http/from-environment.js";

const declared = {
  path: { env: "ENDPOINT" },
  host: { env: "ADDRESS" },
  port: { env: "PORT" },
  allowedOrigins: [{ env: "ORIGINS" }],
  allowedHosts: ["fixed.example.com", { env: "HOSTS" }],
  sse: { path: "/sse", messagesPath: "/messages" },
};
const right = { ENDPOINT: "/mcp", ADDRESS: "::", PORT: "8080", ORIGINS: "https://a.example", HOSTS: "b.example" };
const health = { at: (path: string) => (path === "/healthz" ? async () => ({ status: 200, body: "" }) : undefined) };
const metrics = { path: "/metrics", isOnHttpPort: true };

function read(environment: Readonly<Record<string, string>>, listens = true) {
  const problems: string[] = [];
  const reading = { environment: { ...right, ...environment }, problems, health, metrics, listens };
  return { address: readHttp(declared, reading), problems };
}

test.each<[what: string, environment: Record<string, string>, told: object]>([
  ["all of them", {}, { path: "/mcp", host: "::", port: 8080, allowedHosts: ["fixed.example.com", "b.example"] }],
  [
    "lists with blanks and a comma at the end",
    { ORIGINS: " https://a.example , https://b.example:8443,", HOSTS: "c.example,,[::1]:80" },
    {
      allowedOrigins: ["https://a.example", "https://b.example:8443"],
      allowedHosts: ["fixed.example.com", "c.example", "[::1]:80"],
    },
  ],
  ["blanks around a value", { PORT: " 0 ", ADDRESS: "0.0.0.0\n" }, { port: 0, host: "0.0.0.0" }],
  ["the largest port", { PORT: "65535" }, { port: 65535 }],
])("an address is read from variables: %s", (_, environment, told) => {
  const { address, problems } = read(environment);
  expect(problems).toEqual([]);
  expect(address).toMatchObject(told);
});

test.each<[variable: string, text: string, member: string, reason: string]>([
  ["ENDPOINT", "mcp", "path", "a path begins with a slash"],
  ["ENDPOINT", "/a?b", "path", "a path begins with a slash"],
  ["ENDPOINT", "/sse/", "path", "HTTP+SSE answers there"],
  ["ENDPOINT", "/healthz", "path", "health answers there"],
  ["ENDPOINT", "/metrics", "path", "the endpoint of metrics answers there"],
  ["ADDRESS", "http://0.0.0.0", "host", "no scheme"],
  ["PORT", "65536", "port", "from 0 to 65535"],
  ["PORT", "-1", "port", "from 0 to 65535"],
  ["PORT", "80a", "port", "from 0 to 65535"],
  ["PORT", "1e3", "port", "from 0 to 65535"],
  ["ORIGINS", "https://a.example/", "allowedOrigins", "no slash at the end"],
  ["ORIGINS", "a.example", "allowedOrigins", "an origin is a scheme"],
  ["ORIGINS", "*", "allowedOrigins", "an origin is a scheme"],
  ["HOSTS", "https://a.example", "allowedHosts", "no scheme"],
  ["HOSTS", "a.example b.example", "allowedHosts", "no scheme"],
])("%s=%s is no %s", (variable, text, member, reason) => {
  const { problems } = read({ [variable]: text });
  expect(problems).toEqual([expect.stringContaining(reason)]);
  expect(problems[0]).toContain(`${variable}: "runtime.transports.http.${member}" cannot be ${JSON.stringify(text)}: `);
});

test.each(Object.keys(right))("%s must not be empty", (variable) => {
  for (const text of ["", "  ", ","].slice(0, /ORIGINS|HOSTS/.test(variable) ? 3 : 2))
    expect(read({ [variable]: text }).problems).toEqual([expect.stringContaining(`${variable} is not set: "runtime.`)]);
});

test("a server that is mounted has no use for a port", () => {
  expect(read({ PORT: "none" }, false)).toMatchObject({ problems: [], address: { port: 0 } });
});

test("the environment is held to what the manifest is held to", () => {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "mcp.schema.json"), "utf8"));
  const { http } = schema.$defs.runtime.properties.transports.properties;
  for (const [member, { pattern, expected }] of Object.entries(fieldRules)) {
    if (member === "port") continue;
    const { items, ...own } = http.properties[member];
    const { pattern: written, patternErrorMessage } = items ?? own;
    expect([member, new RegExp(written).source, patternErrorMessage]).toEqual([member, pattern.source, expected]);
  }
});

test("the metadata of OAuth is published below a path of the environment", async () => {
  const check = () => ({ claims: async () => ({}) });
  const method = oauth({
    issuer: "https://auth.example",
    audience: ["https://mcp.example"],
    clockToleranceSeconds: 5,
    check,
  });
  const path = { env: "ENDPOINT" };
  const auth = createAuthentication({ name: "made", path, includes: {}, requested: [], methods: [method] });
  expect(await auth.start({ ENDPOINT: "/tools/mcp" })).toEqual([]);
  expect(auth.metadata.has("/.well-known/oauth-protected-resource/tools/mcp")).toBe(true);
});
