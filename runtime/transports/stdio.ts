import { connect, type Connection } from "../protocol/connection.js";
import { invalidRequest, type McpError } from "../protocol/errors.js";
import type { Server } from "../protocol/exchange.js";
import type { Auth } from "../protocol/handlers.js";
import { errorMessage, type Id, type Outgoing } from "../protocol/json-rpc.js";
import { parseMessage } from "../protocol/parse-message.js";

/** The maximum length of a line in characters. A longer line is refused and skipped to its end. */
export const maxLineLength = 16 * 1024 * 1024;

/** The two streams of a client. `write` takes whole lines, split where that avoids copying. */
export interface LineTransport {
  write(...parts: readonly (string | Uint8Array)[]): void;
  /** Called after output that the client has not requested. */
  onPush?(): void;
  /** Runs a task after the current work and before further input. */
  later(task: () => void): void;
}

export interface LineConnection extends Pick<Connection, "requestCount" | "close"> {
  /** Takes a piece of input, which may end anywhere. */
  take(text: string): void;
  /** Ends the input. The last line needs no line feed. */
  end(): void;
}

/** Serves JSON-RPC messages, one per line (transports: stdio). All output of one piece of input leaves in one write. */
export function lines(server: Server, transport: LineTransport, auth?: Auth): LineConnection {
  const connection = connect(server, send, auth);
  let outgoing: Outgoing[] = [];
  let isScheduled = false;
  let isTaking = false;
  let hasPushed = false;
  let rest = "";
  let isSkipping = false;
  let hasBegun = false;

  function send(message: Outgoing, awaited = false): void {
    outgoing.push(message);
    if (!awaited) hasPushed = true;
    if (isTaking || isScheduled) return;
    isScheduled = true;
    transport.later(flush);
  }

  function flush(): void {
    isScheduled = false;
    if (outgoing.length === 0) return;
    const messages = outgoing;
    outgoing = [];
    if (messages.length === 1 && typeof messages[0] === "string") transport.write(`${messages[0]}\n`);
    else transport.write(...partsOf(messages));
    if (!hasPushed) return;
    hasPushed = false;
    transport.onPush?.();
  }

  const refuse = (error: McpError, id?: Id): void => send(errorMessage(id, error), true);

  function receiveLine(text: string): void {
    if (isBlank(text)) return;
    const message = parseMessage(text, refuse);
    if (message !== undefined) connection.receive(message);
  }

  function refuseLine(): void {
    const message = `a line of more than ${maxLineLength} characters`;
    send(errorMessage(undefined, invalidRequest(message)), true);
  }

  function take(text: string): void {
    isTaking = true;
    // Some programs begin their output with a byte order mark.
    let from = !hasBegun && text.startsWith("\ufeff") ? 1 : 0;
    hasBegun ||= text !== "";
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      const piece = text.slice(from, end);
      from = end + 1;
      if (isSkipping) isSkipping = false;
      else if (rest.length + piece.length > maxLineLength) refuseLine();
      else receiveLine(rest === "" ? piece : rest + piece);
      rest = "";
    }
    if (!isSkipping) rest += text.slice(from);
    if (rest.length > maxLineLength) {
      refuseLine();
      rest = "";
      isSkipping = true;
    }
    isTaking = false;
    flush();
  }

  return {
    take,
    end: () => {
      if (rest !== "") take("\n");
      connection.hangUp();
    },
    requestCount: () => connection.requestCount(),
    close: (reason) => {
      connection.close(reason);
      flush();
    },
  };
}

/** Joins consecutive texts into one part. */
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
