import type {} from "./parts.js";

/** Every error code that the protocol defines. An application's own codes lie outside -32768 to -32000. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Up to 2025-11-25; sent as `invalidParams` since. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingRequiredClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
} as const;

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

/** A JSON-RPC error, sent as it is: `message` and `data` are for the client to read. */
export class McpError extends Error {
  readonly code: number;
  /** Any JSON; left out when it cannot be serialised. */
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

/** The server cannot take a request now, but may later. */
export class UnavailableError extends McpError {
  /** Over HTTP, while nothing has been sent yet. */
  readonly httpStatus: 429 | 503;
  readonly retryAfterMs: number;

  constructor(httpStatus: 429 | 503, message: string, retryAfterMs: number) {
    super(errorCodes.internalError, message, { retryAfterMs });
    this.name = "UnavailableError";
    this.httpStatus = httpStatus;
    this.retryAfterMs = retryAfterMs;
  }

  /** The headers that go with the status (RFC 9110, section 10.2.3). */
  get headers(): Readonly<Record<string, string>> {
    return { "retry-after": String(Math.ceil(this.retryAfterMs / 1000)) };
  }
}

/** `complaint` says what is busy. */
export function busy(complaint: string): UnavailableError {
  return new UnavailableError(503, `${complaint}; try again in a moment`, 1000);
}

/** `complaint` says what there is no room for: as much as the server keeps for its clients is kept. */
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

/** Copies an error, reading each member once: those of a handler may have getters, or be a Proxy. May throw. */
export function plainError(error: McpError): McpError {
  const { code, message, data } = error;
  if (globalThis.mcpcWithoutHttp || !(error instanceof UnavailableError)) return new McpError(code, message, data);
  const { httpStatus, retryAfterMs } = error;
  return new UnavailableError(httpStatus === 429 ? 429 : 503, message, Number(retryAfterMs) || 1000);
}

/** A failure that the manifest declares; `message` has its placeholders filled in. */
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

/** The error that a generated stub throws until it is filled in. */
export class NotImplementedError extends Error {
  readonly subject: string;

  constructor(subject: string) {
    super(`${JSON.stringify(subject)} is not implemented yet`);
    this.name = "NotImplementedError";
    this.subject = subject;
  }
}

/** The error of a handler that is still a stub; the client is told so by name. */
export function notImplemented(name: string): Error {
  return new NotImplementedError(name);
}

/**
 * The code, message and data of an error as JSON text, whatever the handler has put into it. Never throws. `errorCode`
 * translates the code for a revision.
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
