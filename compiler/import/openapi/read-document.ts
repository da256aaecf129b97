import { resolve } from "node:path";
import { isServer } from "../../diff/server-side.js";
import { NoSide, type SideOptions } from "../../diff/surface.js";
import { readIfPresent } from "../../host-node/files.js";
import { mayBeDocument, maxBytes, parseDocument, type OpenApiDocument } from "./document.js";

const timeoutMs = 30_000;

/**
 * Reads the OpenAPI document that a source names; `undefined` if it is something else. A URL is that of a document if
 * its path says so: a server would take the request for one of a client.
 */
export async function readDocument(
  source: string,
  { cwd, headers }: Pick<SideOptions, "cwd" | "headers">,
): Promise<OpenApiDocument | undefined> {
  if (/^https?:\/\//.test(source)) {
    if (!/(?:\.(?:json|ya?ml)|(?:openapi|swagger|api-docs)[^/]*\/?)$/i.test(new URL(source).pathname)) return undefined;
    const document = parseDocument(await fetched(source, headers), source, source);
    if (document) return document;
    throw new NoSide(`${source} is no OpenAPI document`);
  }
  if (isServer(source) || source.startsWith("git:")) return undefined;
  const bytes = readIfPresent(resolve(cwd, source));
  if (!bytes) return undefined;
  const text = new TextDecoder().decode(bytes);
  const isEmpty = text.trim() === "";
  return isEmpty || mayBeDocument(text) ? parseDocument(text, source) : undefined;
}

/** Returns the text at a URL. Throws `NoSide` if it cannot be had, or is too long. */
async function fetched(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    const accept = "application/json, application/yaml, text/yaml, text/plain;q=0.9, */*;q=0.5";
    const response = await fetch(url, { headers: { accept, ...headers }, signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new NoSide(`${url} answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maxBytes) throw new NoSide(`${url} has more than ${maxBytes / 1024 / 1024} MB`);
      chunks.push(chunk);
    }
    return new TextDecoder().decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof NoSide) throw error;
    const { message, cause } = error as Error;
    throw new NoSide(`${url} cannot be read: ${(cause as Error | undefined)?.message ?? message}`);
  }
}
