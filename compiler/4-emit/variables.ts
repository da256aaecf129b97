import type { Auth, Config, RedisStore, Server, Value, Variable } from "../model/server.js";
import type { Upstream } from "../model/upstream.js";
import { commentText, wrapped } from "./code.js";

/** A row for an environment variable in `--help` of the built server. */
interface Row {
  readonly env: string;
  readonly about: string;
  readonly notes: readonly string[];
}

/** Returns the names of the variables without which a server does not start, over some transport. */
export function requiredVariables(server: Server): readonly string[] {
  const required = rowsOf(server).filter(({ notes }) => notes.some((note) => note.startsWith("required")));
  return [...new Set(required.map(({ env }) => env))];
}

/** Returns the `--help` text about environment variables; `undefined` for a server without any. */
export function variablesText(server: Server): string | undefined {
  const rows = rowsOf(server);
  if (rows.length === 0) return undefined;
  const width = Math.max(...rows.map(({ env }) => env.length));
  const lines = [...merged(rows)].flatMap(([env, { about, notes }]) => {
    const [first = "", ...others] = wrapped(`${about} (${notes.join(", ")})`, Math.max(40, 96 - width));
    return [`  ${env.padEnd(width)}  ${first}`, ...others.map((line) => " ".repeat(width + 4) + line)];
  });
  return ["Environment variables of this server:", ...lines, ""].join("\n");
}

function rowsOf({ runtime: { config, auth, metrics, store }, transports, upstreams }: Server): Row[] {
  return [
    ...(config ? ofConfig(config) : []),
    ...(auth ? ofAuth(auth, transports.stdio) : []),
    ...(transports.http ? ofAddress(transports.http) : []),
    ...variable(
      metrics?.token,
      "the token of those who may read the metrics",
      "secret",
      metrics?.address ? "required" : "required over http",
    ),
    ...upstreams.flatMap(ofUpstream),
    ...(store ? ofStore(store) : []),
  ];
}

/** Merges the rows of each variable into one. */
function merged(rows: readonly Row[]): Map<string, Omit<Row, "env">> {
  const found = new Map<string, Omit<Row, "env">>();
  for (const { env, about, notes } of rows) {
    const previous = found.get(env);
    found.set(env, previous ? { about: `${previous.about}; ${about}`, notes: previous.notes } : { about, notes });
  }
  return found;
}

function ofConfig({ settings }: Config): Row[] {
  return settings.map(({ name, env, description, secret, required, default: preset }) => {
    const about = commentText(description ?? "").replace(/\s+/g, " ");
    const fallback =
      preset === undefined
        ? required
          ? "required"
          : "optional"
        : secret
          ? "has a default"
          : `default ${JSON.stringify(preset)}`;
    return { env, about: about === "" ? name : `${name}: ${about}`, notes: [...(secret ? ["secret"] : []), fallback] };
  });
}

function ofAuth({ bearer, oauth }: Auth, stdio: boolean): Row[] {
  const introspection = oauth && "introspection" in oauth.check ? oauth.check.introspection : undefined;
  return [
    ...(bearer?.env === undefined
      ? []
      : [
          row({ env: bearer.env }, "keys of those who may call", [
            "secret",
            ...(bearer.file === undefined ? ["required"] : ["optional"]),
          ]),
        ]),
    ...variable(bearer?.file, "the file of those keys", bearer?.env === undefined ? "required" : "optional"),
    ...variable(oauth?.issuer, "the address of the authorization server", "required"),
    ...variable(oauth?.metadataUrl, "the address of its metadata", "optional"),
    ...(oauth?.audience ?? []).flatMap((value) => variable(value, "what access tokens call this server", "required")),
    ...variable(oauth?.resource, "this server's public address", "required"),
    ...variable(introspection?.endpoint, "where access tokens are checked", "required"),
    ...variable(introspection?.clientId, "this server's name at the authorization server", "required"),
    ...variable(introspection?.clientSecret, "its secret there", "secret", "required"),
    ...(stdio
      ? [row({ env: "MCPC_ACCESS_TOKEN" }, "the credentials of the caller over stdio", ["secret", "optional"])]
      : []),
  ];
}

function ofAddress({
  port,
  host,
  path,
  allowedHosts,
  allowedOrigins,
}: NonNullable<Server["transports"]["http"]>): Row[] {
  return [
    ...variable(port, "the port of http", "required over http"),
    ...variable(host, "where http listens", "required over http"),
    ...variable(path, "the path of the MCP endpoint", "required over http"),
    ...allowedHosts.flatMap((value) =>
      variable(value, "host names that it is called by, separated by commas", "required over http"),
    ),
    ...allowedOrigins.flatMap((value) =>
      variable(value, "origins of web pages that may call, separated by commas", "required over http"),
    ),
  ];
}

function ofUpstream({ name, transport }: Upstream): Row[] {
  const what = `the upstream ${JSON.stringify(name)}`;
  if ("url" in transport)
    return [
      ...variable(transport.url, `the URL of ${what}`, "required"),
      ...Object.entries(transport.headers ?? {}).flatMap(([header, value]) =>
        variable(value, `the header ${JSON.stringify(header)} for ${what}`, "secret", "required"),
      ),
    ];
  return Object.entries(transport.env ?? {}).flatMap(([variableName, value]) =>
    variable(value, `the variable ${variableName} of ${what}`, "secret", "required"),
  );
}

function ofStore({ url, sentinel }: RedisStore): Row[] {
  return [
    ...variable(url, "the URL of Redis, which replicas share", "secret", "required"),
    ...variable(sentinel?.username, "the user of the sentinels", "required"),
    ...variable(sentinel?.password, "the password of the sentinels", "secret", "required"),
  ];
}

/** Returns the row of a value that comes from a variable. */
function variable(value: Value | number | undefined, about: string, ...notes: readonly string[]): Row[] {
  return typeof value === "object" ? [row(value, about, notes)] : [];
}

function row({ env }: Variable, about: string, notes: readonly string[]): Row {
  return { env, about, notes };
}
