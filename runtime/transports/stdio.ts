import { connect, type Connection } from "../protocol/connection.js";
import { invalidRequest, type McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { errorMessage, type Id, type Outgoing } from "../protocol/json-rpc.js";
import { parseMessage } from "../protocol/parse-message.js";

/** In characters. A longer line is refused, and skipped to its end. */
export const longestLine = 16 * 1024 * 1024;

/** The other end of the two streams. What is written holds whole lines, in as many parts as need no copying. */
export interface LineTransport {
  write(...parts: readonly (string | Uint8Array)[]): void;
  /** Something was written that the client has not asked for. */
  told?(): void;
  /** Calls back when the work at hand is done, before new input is taken. */
  later(task: () => void): void;
}

export interface LineConnection extends Pick<Connection, "pending" | "close"> {
  /** Takes a piece of input, cut anywhere. */
  take(text: string): void;
  /** The last line need not end with a line feed. */
  end(): void;
}

/** JSON-RPC messages, one a line (transports: stdio). All that a piece of input causes at once leaves in one write. */
export function lines(server: Server, transport: LineTransport, auth?: Auth): LineConnection {
  const connection = connect(server, send, auth);
  let outgoing: Outgoing[] = [];
  let scheduled = false;
  let taking = false;
  let unasked = false;
  let rest = "";
  let skipping = false;
  let begun = false;

  function send(message: Outgoing, awaited = false): void {
    outgoing.push(message);
    if (!awaited) unasked = true;
    if (taking || scheduled) return;
    scheduled = true;
    transport.later(flush);
  }

  function flush(): void {
    scheduled = false;
    if (outgoing.length === 0) return;
    const messages = outgoing;
    outgoing = [];
    if (messages.length === 1 && typeof messages[0] === "string") transport.write(`${messages[0]}\n`);
    else transport.write(...partsOf(messages));
    if (!unasked) return;
    unasked = false;
    transport.told?.();
  }

  const refuse = (error: McpError, id?: Id): void => send(errorMessage(id, error), true);

  function line(text: string): void {
    if (isBlank(text)) return;
    const message = parseMessage(text, refuse);
    if (message !== undefined) connection.receive(message);
  }

  function tooLong(): void {
    const message = `a line of more than ${longestLine} characters`;
    send(errorMessage(undefined, invalidRequest(message)), true);
  }

  function take(text: string): void {
    taking = true;
    // Some programs begin whatever they write with a byte order mark.
    let from = !begun && text.startsWith("\ufeff") ? 1 : 0;
    begun ||= text !== "";
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      const piece = text.slice(from, end);
      from = end + 1;
      if (skipping) skipping = false;
      else if (rest.length + piece.length > longestLine) tooLong();
      else line(rest === "" ? piece : rest + piece);
      rest = "";
    }
    if (!skipping) rest += text.slice(from);
    if (rest.length > longestLine) {
      tooLong();
      rest = "";
      skipping = true;
    }
    taking = false;
    flush();
  }

  return {
    take,
    end: () => {
      if (rest !== "") take("\n");
      connection.hangUp();
    },
    get pending() {
      return connection.pending;
    },
    close: (reason) => {
      connection.close(reason);
      flush();
    },
  };
}

/** Texts that follow each other as one. */
function partsOf(messages: readonly Outgoing[]): (string | Uint8Array)[] {
  const parts: (string | Uint8Array)[] = [];
  let text = "";
  for (const message of messages) {
    if (typeof message === "string") text += `${message}\n`;
    else {
      parts.push(text + message.head, message.ready.line);
      text = "";
    }
  }
  if (text !== "") parts.push(text);
  return parts;
}

function isBlank(text: string): boolean {
  return text === "" || text.trim() === "";
}
