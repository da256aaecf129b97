import type { ChildProcess } from "node:child_process";
import { isObject, type Id, type RequestMessage, type ResponseMessage } from "../../protocol/json-rpc.js";
import type { Incoming, Receive, Wire } from "../../testing/wire.js";
import { remoteTools, unknownTool, type RemoteTools } from "./shapes.js";

/** Connects to a server's standard streams. `ended` rejects when the process ends. */
export function stdioWire(child: ChildProcess, ended: Promise<never>, receive: Receive): Omit<Wire, "explain"> {
  const waiting = new Map<Id, (response: ResponseMessage) => void>();
  let tools: RemoteTools = new Map();
  let rest = "";

  const take = (line: string): void => {
    const message = JSON.parse(line) as ResponseMessage & Partial<Incoming>;
    if (message.method !== undefined) return receive(message as Incoming);
    waiting.get(message.id!)?.(message);
    waiting.delete(message.id!);
  };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") take(line);
  });
  const send = (message: object): void => void child.stdin!.write(`${JSON.stringify(message)}\n`);
  const request = (message: RequestMessage): Promise<ResponseMessage> => {
    const answer = new Promise<ResponseMessage>((resolve) => waiting.set(message.id, resolve));
    send(message);
    return Promise.race([answer, ended]);
  };
  return {
    open: async () => void (tools = await remoteTools(request)),
    request,
    cancel(requestId, reason) {
      waiting.delete(requestId);
      send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason } });
    },
    send,
    shapeOf: async (name) => tools.get(name) ?? unknownTool,
    close: async () => {},
  };
}

/** Returns the log's explanation of an error id, if it has arrived. */
export function explanationIn(stderr: string, errorId: string): string | undefined {
  const line = stderr.split("\n").find((text) => text.startsWith("{") && text.includes(errorId));
  if (line === undefined) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    return isObject(entry) ? `${String(entry["message"])}: ${String(entry["error"])}` : undefined;
  } catch {
    return undefined;
  }
}
