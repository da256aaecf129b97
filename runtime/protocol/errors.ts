import type {} from "./parts.js";

/** The error codes of the protocol. Codes of applications lie outside -32768 to -32000. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Used up to 2025-11-25; sent as `invalidParams` since. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingRequiredClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
} as const;

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

/** A JSON-RPC error. The client gets its `message` and `data`. */
export class McpError extends Error {
  readonly code: number;
  /** Any JSON. It is omitted if it cannot be serialised. */
  readonly data: unknown;

  constructor(code: ErrorCode | (number & {}), message: string, data?: unknown) {
    super(message);
    this.name = "McpError";
    this.code = code;
    this.data = data;
  }
}

export function invalidRequest(message: string): McpError {
  return new McpError(errorCodes.invalidRequest, message);
}

/** The error for a request that the server cannot accept now, but may later. */
export class UnavailableError extends McpError {
  /** The HTTP status, if no part of the answer has been sent yet. */
  readonly httpStatus: 429 | 503;
  readonly retryAfterMs: number;

  constructor(httpStatus: 429 | 503, message: string, retryAfterMs: number) {
    super(errorCodes.internalError, message, { retryAfterMs });
    this.name = "UnavailableError";
    this.httpStatus = httpStatus;
    this.retryAfterMs = retryAfterMs;
  }

  /** The headers for the status (RFC 9110, section 10.2.3). */
  get headers(): Readonly<Record<string, string>> {
    return { "retry-after": String(Math.ceil(this.retryAfterMs / 1000)) };
  }
}

/** Creates the error for a busy server; `complaint` names what is busy. */
export function busy(complaint: string): UnavailableError {
  return new UnavailableError(503, `${complaint}; try again in a moment`, 1000);
}

/** Creates the error for a full server; `complaint` names what has no room. */
export function full(complaint: string): UnavailableError {
  return new UnavailableError(503, `${complaint}; try again later`, 30_000);
}

export function tooManyRequests(perMinute: number, retryAfterMs: number): UnavailableError {
  const wait = Math.ceil(retryAfterMs / 1000);
  return new UnavailableError(429, `more than ${perMinute} requests a minute; try again in ${wait} s`, retryAfterMs);
}

export function stopping(): UnavailableError {
  return new UnavailableError(503, "the server is stopping; try again in a moment", 1000);
}

/** Copies an error, reading each member once, since a handler's error may have getters or be a Proxy. May throw. */
export function plainError(error: McpError): McpError {
  const { code, message, data } = error;
  if (globalThis.mcpcWithoutHttp || !(error instanceof UnavailableError)) return new McpError(code, message, data);
  const { httpStatus, retryAfterMs } = error;
  return new UnavailableError(httpStatus === 429 ? 429 : 503, message, Number(retryAfterMs) || 1000);
}

/** An error that the manifest declares, with the placeholders in its `message` filled in. */
export class DeclaredError extends Error {
  readonly code: string;
  readonly parameters: unknown;

  constructor(code: string, message: string, parameters: unknown) {
    super(message);
    this.name = "DeclaredError";
    this.code = code;
    this.parameters = parameters;
  }
}

/** The error of a generated stub. */
export class NotImplementedError extends Error {
  readonly subject: string;

  constructor(subject: string) {
    super(`${JSON.stringify(subject)} is not implemented yet`);
    this.name = "NotImplementedError";
    this.subject = subject;
  }
}

/** Creates the error of a handler that is still a stub. The client gets the name of the entry. */
export function notImplemented(name: string): Error {
  return new NotImplementedError(name);
}

/**
 * Formats the code, message and data of an error as JSON. Never throws. `errorCode` translates the code for a
 * revision.
 */
export function errorText(error: McpError, errorCode = (code: number): number => code): string {
  try {
    const code = errorCode(error.code);
    const known = Number.isSafeInteger(code) ? code : errorCodes.internalError;
    const data = error.data === undefined ? undefined : serialised(error.data);
    const rest = data === undefined ? "" : `,"data":${data}`;
    return `{"code":${known},"message":${JSON.stringify(String(error.message))}${rest}}`;
  } catch {
    return `{"code":${errorCodes.internalError},"message":"internal error"}`;
  }
}

function serialised(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
