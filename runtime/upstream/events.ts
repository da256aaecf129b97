import { maxMessageBytes, WireError } from "./wire.js";

/** An event of a stream (HTML, server-sent events). */
export interface StreamEvent {
  readonly data: string;
  readonly id?: string;
  readonly retryMs?: number;
}

/** Reads the events of a body on arrival. Throws for an event that is too large. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  let data: string[] = [];
  let size = 0;
  let id: string | undefined;
  let retryMs: number | undefined;
  for await (const line of linesOf(body)) {
    size += line.length;
    if (size > maxMessageBytes) throw tooLarge();
    if (line === "") {
      if (data.length > 0 || id !== undefined || retryMs !== undefined)
        yield { data: data.join("\n"), ...(id !== undefined && { id }), ...(retryMs !== undefined && { retryMs }) };
      [data, size, id, retryMs] = [[], 0, undefined, undefined];
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "retry" && /^\d{1,7}$/.test(value)) retryMs = Number(value);
  }
}

/** Reads the lines of a body, which end with a line feed, a carriage return, or both. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let size = 0;
  let isAfterReturn = false;
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (isAfterReturn && text.startsWith("\n")) text = text.slice(1);
    if (text === "") continue;
    isAfterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    for (const [index, line] of lines.entries()) {
      pieces.push(line);
      size += line.length;
      if (size > maxMessageBytes) throw tooLarge();
      if (index === lines.length - 1) break;
      yield pieces.join("");
      [pieces, size] = [[], 0];
    }
  }
}

export function tooLarge(): WireError {
  return new WireError(`it sent a message of more than ${maxMessageBytes / 2 ** 20} MB`);
}
