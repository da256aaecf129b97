import { result } from "../protocol/tool-result.js";
import { ApiResult } from "./api-result.js";
import type { HttpCredential, HttpOperation } from "./operation.js";
import { contentOf, failureText, readBounded, ResponseError } from "./response.js";
import { ArgumentError, cookiePairs, formData, formText, headerText, pathText, queryPairs } from "./serialize.js";

export type { HttpBody, HttpCredential, HttpOperation, HttpParameter, ParameterStyle } from "./operation.js";

/** The members of a handler's context that a call needs. */
export interface HttpCallContext {
  readonly signal: AbortSignal;
  readonly config: unknown;
}

type Arguments = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, unknown>>;

/** A failure that the model should read. */
class CallError extends Error {
  override readonly name = "CallError";
}

const maxRedirects = 5;
const defaultMaxBytes = 4 * 1024 * 1024;

/**
 * Returns the handler of a tool that makes one HTTP request. The text of a failure is an error that the model can read.
 * Secrets go only to the origin of the base URL: a redirect to another origin is not followed.
 */
export function httpCall(operation: HttpOperation): (input: object, context: HttpCallContext) => Promise<any> {
  return async (input, { signal, config }) => {
    try {
      const { url, init } = requestOf(operation, input as Arguments, (config ?? {}) as Settings);
      const response = await fetchWithin(url, { ...init, signal });
      const bytes = await reached(readBounded(response, operation.maxResponseBytes ?? defaultMaxBytes));
      if (!response.ok) throw new CallError(failureText(response, bytes));
      const content = contentOf(response, bytes, operation.structured === true);
      return operation.structured === true ? new ApiResult(content) : content;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const text = messageOf(error);
      if (text === undefined) throw error;
      return result(undefined, { isError: true, content: text });
    }
  };
}

function messageOf(error: unknown): string | undefined {
  const isExpected = error instanceof CallError || error instanceof ArgumentError || error instanceof ResponseError;
  return isExpected ? error.message : undefined;
}

/** Awaits a part of an exchange. A failure of the network becomes one that the model can read. */
async function reached<T>(exchange: Promise<T>): Promise<T> {
  try {
    return await exchange;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // `fetch` reports every failure as a TypeError, whose cause has the reason.
    const { code, message } = (error.cause ?? error) as { readonly code?: unknown; readonly message?: unknown };
    const isCut = code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
    throw new CallError(
      isCut
        ? "the connection to the API broke before its answer was there; it may have carried the request out"
        : `the API cannot be reached: ${String(code ?? message)}`,
    );
  }
}

interface HttpRequest {
  readonly url: URL;
  readonly init: { readonly method: string; readonly headers: Headers; readonly body?: string | FormData };
}

/** Returns the request for a call. */
export function requestOf(operation: HttpOperation, input: Arguments, settings: Settings): HttpRequest {
  const { method, parameters = [], body } = operation;
  const headers = new Headers(operation.headers);
  const query: string[] = [];
  const cookies: string[] = [];
  let path = operation.path;
  for (const parameter of parameters) {
    const argument = parameter.argument ?? parameter.name;
    const value = Object.hasOwn(input, argument) ? input[argument] : undefined;
    const key = `{${parameter.name}}`;
    if (value === undefined) {
      if (parameter.in === "path") throw new ArgumentError(`${JSON.stringify(argument)} is missing`);
      continue;
    }
    if (parameter.in === "path") path = path.split(key).join(pathText(parameter, value));
    else if (parameter.in === "header") setHeader(headers, parameter.name, headerText(parameter, value));
    else {
      const pairs = parameter.in === "query" ? queryPairs(parameter, value) : cookiePairs(parameter, value);
      (parameter.in === "query" ? query : cookies).push(...pairs.map(([name, text]) => `${name}=${text}`));
    }
  }
  for (const credential of credentialsOf(operation.security, settings)) {
    if (credential.in === "query")
      query.push(`${encodeURIComponent(credential.name)}=${encodeURIComponent(credential.value)}`);
    else if (credential.in === "cookie") cookies.push(`${credential.name}=${encodeURIComponent(credential.value)}`);
    else setHeader(headers, credential.name, credential.value);
  }
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
  const content = body && Object.hasOwn(input, body.argument) ? input[body.argument] : undefined;
  const url = urlOf(operation.baseUrl, path, query, settings);
  if (body === undefined || content === undefined) return { url, init: { method, headers } };
  if (body.type === "multipart/form-data") return { url, init: { method, headers, body: formData(content, body) } };
  headers.set("content-type", body.type);
  return { url, init: { method, headers, body: bodyText(body.type, content, body.encoding) } };
}

function bodyText(type: string, value: unknown, encoding: NonNullable<HttpOperation["body"]>["encoding"]): string {
  if (type === "application/x-www-form-urlencoded") return formText(value, encoding);
  return typeof value === "string" && !/[/+]json\b/.test(type) ? value : JSON.stringify(value);
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    // The value may be a secret, so the message does not have it.
    throw new ArgumentError(
      `the header ${JSON.stringify(name)} cannot have this value: it has characters beyond Latin-1 or line ends`,
    );
  }
}

function urlOf(setting: string, path: string, query: readonly string[], settings: Settings): URL {
  const base = settings[setting];
  const text = typeof base === "string" ? base : "";
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new CallError(`the setting ${JSON.stringify(setting)} must be the URL of the API`);
  const url = new URL(text);
  const search = [url.search.slice(1), ...query].filter((part) => part !== "").join("&");
  const result = new URL(url.origin);
  result.username = url.username;
  result.password = url.password;
  result.pathname = url.pathname.replace(/\/$/, "") + path;
  result.search = search;
  return result;
}

interface Sent {
  readonly in: "header" | "query" | "cookie";
  readonly name: string;
  readonly value: string;
}

/** Returns the first alternative whose settings are all there. */
function credentialsOf(security: HttpOperation["security"], settings: Settings): Sent[] {
  if (!security || security.length === 0) return [];
  for (const alternative of security) {
    const sent = alternative.map((credential) => sentOf(credential, settings));
    if (sent.every((each) => each !== undefined)) return sent as Sent[];
  }
  const names = security.map((alternative) => alternative.flatMap(settingsOf).join(" and "));
  throw new CallError(`the call needs credentials: the server's operator must set ${names.join(", or ")}`);
}

function settingsOf(credential: HttpCredential): string[] {
  return credential.in === "basic" ? [credential.username, credential.password] : [credential.setting];
}

function sentOf(credential: HttpCredential, settings: Settings): Sent | undefined {
  const values = settingsOf(credential).map((name) => settings[name]);
  if (!values.every((value) => typeof value === "string" && value !== "")) return undefined;
  const [value, password] = values as string[];
  if (credential.in === "bearer") return { in: "header", name: "authorization", value: `Bearer ${value}` };
  if (credential.in !== "basic") return { in: credential.in, name: credential.name, value: value! };
  const bytes = new TextEncoder().encode(`${value}:${password}`);
  return { in: "header", name: "authorization", value: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}

/** Fetches a URL, and follows redirects within its origin. */
async function fetchWithin(
  first: URL,
  init: HttpRequest["init"] & { readonly signal: AbortSignal },
): Promise<Response> {
  let [url, options]: [URL, RequestInit] = [first, { ...init, redirect: "manual" }];
  if (url.username !== "") {
    // `fetch` refuses URLs with credentials.
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    if (!init.headers.has("authorization"))
      init.headers.set("authorization", `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(pair)))}`);
    url = new URL(url);
    [url.username, url.password] = ["", ""];
  }
  for (let redirects = 0; ; redirects++) {
    const response = await reached(fetch(url, options));
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    if (!URL.canParse(location, url.href))
      throw new CallError(`the API redirects to no URL (status ${response.status})`);
    const next = new URL(location, url);
    if (next.origin !== url.origin)
      throw new CallError(`the API redirects to ${next.origin}, which is not followed: it is another origin`);
    if (redirects === maxRedirects) throw new CallError(`the API redirects more than ${maxRedirects} times`);
    url = next;
    if (response.status < 307 && init.method !== "GET" && init.method !== "HEAD") {
      init.headers.delete("content-type");
      const { body: _, ...rest } = options;
      options = { ...rest, method: "GET" };
    }
  }
}
