import { optionalValue, type Value, type EnvironmentVariable } from "../../protocol/environment.js";
import type { Server } from "../../protocol/exchange.js";
import type { HttpAddress, ReadAddress, ReadHttp } from "../../protocol/hooks.js";
import { pathOf, type DeclaredHttp, type HttpOptions } from "./endpoint.js";

export type Reading = Parameters<ReadHttp>[0] & {
  /** Whether the server listens by itself. A mounted one needs no port. */
  readonly listens?: boolean;
};

interface FieldRule {
  readonly pattern: RegExp;
  readonly expected: string;
}

/** The rules of the manifest's schema, for texts from the environment. */
export const fieldRules = {
  path: {
    pattern: /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/,
    expected: "a path begins with a slash, and has no query, blank or letter beyond ASCII",
  },
  host: {
    pattern: /^[^\s/]+$/,
    expected: "an address is a name or an IP address, such as 0.0.0.0: no scheme, no path",
  },
  port: {
    pattern: /^(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
    expected: "a port is a number from 0 to 65535",
  },
  allowedOrigins: {
    pattern: /^[a-z][a-z0-9+.-]*:\/\/[^/?#,\s]+$/,
    expected:
      "an origin is a scheme, a host and perhaps a port, such as https://example.com: no path, no slash at the end",
  },
  allowedHosts: {
    pattern: /^[^\s/?#@,]+$/,
    expected: "a host is a name and perhaps a port, such as mcp.example.com: no scheme, no path",
  },
} as const satisfies Record<keyof HttpAddress, FieldRule>;

/** Reads the values that the manifest takes from environment variables. Reports wrong values and leaves them empty. */
export function readHttp(declared: DeclaredHttp, reading: Reading): ReadAddress {
  const { problems, listens = false } = reading;
  const texts = (member: keyof HttpAddress, value: Value): readonly string[] =>
    typeof value === "string" ? [value] : textsOf(member, value, reading);
  const path = texts("path", declared.path)[0] ?? "";
  const { port } = declared;
  const address = {
    path,
    host: texts("host", declared.host)[0] ?? "",
    port: typeof port === "number" ? port : listens ? Number(texts("port", port)[0] ?? 0) : 0,
    allowedOrigins: declared.allowedOrigins.flatMap((value) => texts("allowedOrigins", value)),
    allowedHosts: declared.allowedHosts.flatMap((value) => texts("allowedHosts", value)),
    variables: {
      allowedOrigins: variableIn(declared.allowedOrigins),
      allowedHosts: variableIn(declared.allowedHosts),
    },
  };
  if (typeof declared.path === "object") {
    const other = pathOwner(pathOf(path), declared, reading);
    if (other !== undefined)
      problems.push(`${origin("path", declared.path)} cannot be "${path}": ${other} answers there`);
  }
  return address;
}

function variableIn(values: readonly Value[]): string | undefined {
  return values.find((value) => typeof value === "object")?.env;
}

function pathOwner(path: string, { sse }: DeclaredHttp, { health, metrics }: Reading): string | undefined {
  if (metrics?.isOnHttpPort === true && metrics.path === path) return "the endpoint of metrics";
  if (health?.at(path) !== undefined) return "health";
  return path === sse?.path || path === sse?.messagesPath ? "HTTP+SSE" : undefined;
}

function textsOf(
  member: keyof HttpAddress,
  variable: EnvironmentVariable,
  { environment, problems }: Reading,
): readonly string[] {
  const text = optionalValue(variable, environment) ?? "";
  const isList = member === "allowedOrigins" || member === "allowedHosts";
  const parts = (isList ? text.split(",") : [text]).map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 0) problems.push(`${variable.env} is not set: ${quotedField(member)} is required`);
  const { pattern, expected } = fieldRules[member];
  return parts.filter((part) => {
    if (pattern.test(part)) return true;
    problems.push(`${origin(member, variable)} cannot be ${JSON.stringify(part)}: ${expected}`);
    return false;
  });
}

function origin(member: keyof HttpAddress, { env }: EnvironmentVariable): string {
  return `${env}: ${quotedField(member)}`;
}

function quotedField(member: keyof HttpAddress): string {
  return `"runtime.transports.http.${member}"`;
}

/** Creates a value from the HTTP options: at once, or after the start if options come from the environment. */
export function deferUntilRead<Result>(
  { application }: Server,
  declared: DeclaredHttp,
  make: (options: HttpOptions) => Result,
): () => Result {
  let result = isComplete(declared) ? make(declared) : undefined;
  return () => (result ??= make(complete(declared, application.http!)));
}

function isComplete(declared: DeclaredHttp): declared is HttpOptions {
  const { path, host, port, allowedOrigins, allowedHosts } = declared;
  return [path, host, port, ...allowedOrigins, ...allowedHosts].every((value) => typeof value !== "object");
}

/**
 * Merges the values from the environment. Literal values of the declaration stay, since its path may be another one.
 */
function complete(declared: DeclaredHttp, read: ReadAddress): HttpOptions {
  return { ...declared, ...read, ...(typeof declared.path === "string" && { path: declared.path }) };
}
