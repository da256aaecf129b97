import type { Credentials, Unauthorized } from "../protocol/auth.js";

/** The maximum length of a token, in characters. */
const maxTokenLength = 16_384;

/**
 * Returns the token of an `Authorization` header (RFC 6750, section 2.1); `undefined` if there is none, or for another
 * scheme. Refuses tokens in the URL: URLs appear in logs and histories.
 */
export function bearerToken({ url, header }: Credentials): string | undefined | Unauthorized {
  if (inQuery(url)) return malformed("a token in the address is not taken; send the header Authorization: Bearer");
  const value = header("authorization");
  if (value === undefined) return undefined;
  const [, scheme = "", token = ""] = /^ *([^ ]*) *(.*?) *$/s.exec(value) ?? [];
  if (scheme.toLowerCase() !== "bearer") return undefined;
  if (token.length > maxTokenLength || !/^[A-Za-z0-9\-._~+/]+=*$/.test(token))
    return malformed("the header Authorization must be the word Bearer, a space and a token");
  return token;
}

function inQuery(url: string): boolean {
  const start = url.indexOf("?");
  return start !== -1 && new URLSearchParams(url.slice(start + 1)).has("access_token");
}

function malformed(message: string): Unauthorized {
  return { status: 400, error: "invalid_request", message };
}
