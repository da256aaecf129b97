import * as api from "@opentelemetry/api";
import { defineServer } from "../../runtime/protocol/define-server.js";
import { DeclaredError, McpError } from "../../runtime/protocol/errors.js";
import type { Server } from "../../runtime/protocol/exchange.js";
import type { TelemetryOptions } from "../../runtime/telemetry/options.js";
import { createTelemetry } from "../../runtime/telemetry/telemetry.js";
import { serverWith } from "./surface.js";

export const handlers: Record<string, any> = {
  add: ({ a = 0 }: any) => `the sum is ${a}`,
  later: async () => "done",
  refuse: () => {
    throw new DeclaredError("tooMuch", "too much", undefined);
  },
  crash: async () => {
    throw new Error("secret");
  },
  decline: () => {
    throw new McpError(-32099, "not today");
  },
  slow: () => new Promise(() => {}),
  ask: async (_: unknown, { roots }: any) => JSON.stringify(await roots()),
  span: (_: unknown, { traceHeaders }: any) => {
    api.trace.getTracer("handler").startSpan("work").end();
    return JSON.stringify(traceHeaders());
  },
  job: async () => "done",
};

/** A server of these handlers, with a prompt and a resource. */
export function tracedServer(telemetry: TelemetryOptions): Server {
  const { surface, handlers: made } = serverWith(handlers, {
    resources: { "memo://one": () => "text" },
    surface: { timeoutMs: 30 },
  });
  const tools = surface.tools.map((tool) => (tool.name === "job" ? { ...tool, task: "optional" as const } : tool));
  const prompts = [
    { name: "greet", arguments: [], messages: [{ role: "user", content: { type: "text", text: "Hi" } }] },
  ];
  return defineServer({ ...surface, tools, prompts: prompts as never }, made, () => ({
    logger: () => {},
    observers: [createTelemetry(api, telemetry)],
  }));
}
