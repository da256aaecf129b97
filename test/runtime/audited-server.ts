import { expect } from "vitest";
import { createAudit, type AuditOptions } from "../../runtime/logging/audit.js";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { DeclaredError, McpError } from "../../runtime/protocol/errors.js";
import type { Server, ServerOptions } from "../../runtime/protocol/exchange.js";
import { serverWith } from "./surface.js";

export const handlers: Record<string, any> = {
  add: () => "done",
  refuse: () => {
    throw new DeclaredError("tooMuch", "too much", undefined);
  },
  crash: async () => {
    throw new Error("secret");
  },
  decline: () => {
    throw new McpError(-32099, "not today");
  },
  ask: async (_: unknown, { roots }: any) => JSON.stringify(await roots()),
  hang: () => new Promise(() => {}),
  job: async () => "done",
};

interface Audited {
  readonly server: Server;
  readonly records: any[];
  readonly log: [string, any][];
}

/** A server whose records are kept, without what differs from run to run. */
export function audited(audit: Omit<AuditOptions, "file"> = {}, more: ServerOptions = {}): Audited {
  const records: any[] = [];
  const log: [string, any][] = [];
  const file = () => (line: string) => {
    const { time, requestId: _, durationMs, ...record } = JSON.parse(line);
    expect(time).toMatch(/^\d{4}-.*Z$/);
    if (record.outcome !== "unauthorized") expect(durationMs).toBeGreaterThanOrEqual(0);
    records.push(record);
    return true;
  };
  const { surface, handlers: made } = serverWith(handlers, { resources: { "memo://one": () => "text" } });
  const tools = surface.tools.map((tool) => ({
    ...tool,
    ...(tool.name === "job" && { task: "optional" as const }),
    ...(tool.name === "hang" && { scopes: ["admin"] }),
  }));
  const server = defineServer({ ...surface, tools }, made, () => ({
    logger: (_level, message, details) => void log.push([message, details]),
    logLevel: "emergency",
    observers: [createAudit({ ...audit, file })],
    ...more,
  }));
  return { server, records, log };
}
