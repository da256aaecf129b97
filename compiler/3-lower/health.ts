import { located } from "../json-schema/located.js";
import type { Tool } from "../model/manifest.js";
import type { Declared, Project, ToolDeclaration } from "../model/project.js";
import type { Health, Layout } from "../model/server.js";
import type { JsonObject } from "../model/source.js";

export function lowerHealth({ health }: Project["runtime"]): Health | undefined {
  if (health === undefined) return undefined;
  const { liveness = "/healthz", readiness = "/readyz", timeoutMs = 1000, cacheMs = 1000 } = health;
  return { liveness, readiness, timeoutMs, cacheMs };
}

/** Returns the tool of `"health": { "tool": true }`, as a declared tool with a handler in the generated code. */
export function healthTool({ runtime, server }: Project, { generated }: Layout): Declared<ToolDeclaration>[] {
  if (runtime.health?.tool !== true) return [];
  const value = { ...tool, handler: `${generated}/health.ts#healthCheck` };
  return [{ value, node: located(value as object as JsonObject, server.span), span: server.span }];
}

const tool: Tool = {
  name: "health_check",
  title: "Health",
  description: "Whether this server can do its work now.",
  inputSchema: { type: "object", properties: {}, additionalProperties: false },
  outputSchema: {
    type: "object",
    properties: {
      status: { type: "string", enum: ["ok", "failing"], description: "Failing: some calls will not work." },
      time: { type: "string", format: "date-time", description: "The server's clock." },
      version: { type: "string", description: "The server's version." },
    },
    required: ["status", "time", "version"],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
};
