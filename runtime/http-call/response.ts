import { toBase64 } from "../protocol/base64.js";

/** Error for a response that is no result. The message is for the model. */
export class ResponseError extends Error {
  override readonly name = "ResponseError";
}

/** Longest excerpt of the body of a failure, in characters. */
const maxExcerpt = 1000;

/** Reads a response. Throws if a success is longer than `most`; nothing reads the rest of a longer one. */
export async function readBounded(response: Response, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) break;
    chunks.push(chunk.value);
    length += chunk.value.length;
    if (length > most) {
      await reader!.cancel();
      if (response.ok) throw new ResponseError(`the response of the API has more than ${most} bytes: ask for less`);
      break;
    }
  }
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Returns the text of a failure: the status, and the beginning of the body. */
export function failureText({ status, statusText }: Response, bytes: Uint8Array): string {
  const body = new TextDecoder().decode(bytes.subarray(0, 4 * maxExcerpt)).trim();
  const excerpt = body.length > maxExcerpt ? `${body.slice(0, maxExcerpt)}…` : body;
  return `the API answered ${status}${statusText === "" ? "" : ` ${statusText}`}${excerpt === "" ? "" : `: ${excerpt}`}`;
}

/** Returns the value of a response, if it is `structured`; otherwise its content. */
export function contentOf(response: Response, bytes: Uint8Array, structured: boolean): unknown {
  const type = (response.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (structured) return parsed(bytes);
  if (bytes.length === 0) return `the API answered ${response.status}, without content`;
  const media = /^(image|audio)\//.exec(type)?.[1];
  if (media && !type.endsWith("+xml")) return { type: media, data: toBase64(bytes), mimeType: type };
  if (
    type === "" ||
    /^text\/|[/+](?:json|xml|yaml|x-yaml|csv|x-www-form-urlencoded|javascript|ndjson|x-ndjson)$/.test(type)
  )
    return new TextDecoder().decode(bytes);
  return { type: "resource", resource: { uri: uriOf(response), mimeType: type, blob: toBase64(bytes) } };
}

/** Returns the URL of a response without its query, which may have secrets. */
function uriOf({ url }: Response): string {
  return url.split(/[?#]/)[0]!;
}

function parsed(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const shown = text === "" ? "there is no content" : text.slice(0, maxExcerpt);
    throw new ResponseError(`the API answered without JSON: ${shown}`);
  }
}
