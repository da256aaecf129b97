import type { Project, ValueDeclaration, ValuesDeclaration } from "../model/project.js";
import type { Runtime, Transports } from "../model/server.js";
import { lowerAuth } from "./auth.js";
import { lowerConfig } from "./config.js";
import { lowerHealth } from "./health.js";
import { lowerLimits } from "./limits.js";
import { lowerLogging } from "./logging.js";
import { lowerStore } from "./store.js";
import { lowerMetrics, lowerTelemetry } from "./telemetry.js";

/** Fills in the defaults of the transports. */
export function lowerTransports(project: Project): Transports {
  const { transports } = project.runtime;
  const stdio = transports ? transports.stdio !== undefined : true;
  const { sse, toolEvents, websocket } = transports ?? {};
  // Endpoints beside the MCP endpoint require the HTTP transport.
  const http = transports ? (transports.http ?? (sse || toolEvents || websocket ? {} : undefined)) : {};
  if (!http) return { stdio, fromEnvironment: false };
  const {
    path = "/mcp",
    host = "127.0.0.1",
    port = 3000,
    allowedOrigins = [],
    allowedHosts = [],
    sessions = true,
    keepAliveTimeoutMs,
    keepAliveMs,
  } = http;
  const allowed = { allowedOrigins: valuesOf(allowedOrigins), allowedHosts: valuesOf(allowedHosts) };
  const beside = {
    ...(sse && { sse: { path: sse.path ?? "/sse", messagesPath: sse.messages ?? "/messages" } }),
    ...(toolEvents && { toolEvents: true }),
    ...(websocket && { websocket: { path: websocket.path ?? "/ws" } }),
  };
  const { maxSessions, maxBodyBytes, maxConnections } = project.runtime.limits ?? {};
  const bounds = {
    ...(keepAliveTimeoutMs !== undefined && { keepAliveTimeoutMs }),
    ...(maxSessions !== undefined && { maxSessions }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(maxConnections !== undefined && { maxConnections }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  };
  const values = [path, host, port, ...allowed.allowedOrigins, ...allowed.allowedHosts];
  const fromEnvironment = values.some((value) => typeof value === "object");
  return { stdio, fromEnvironment, http: { path, host, port, ...allowed, sessions, ...beside, ...bounds } };
}

function valuesOf(declared: ValuesDeclaration): readonly ValueDeclaration[] {
  return [declared].flat() as ValueDeclaration[];
}

/** Lowers the features around the handlers. */
export function lowerRuntime(project: Project): Runtime {
  const config = lowerConfig(project);
  const auth = lowerAuth(project, lowerTransports(project).http?.path);
  const health = lowerHealth(project.runtime);
  const store = lowerStore(project);
  const telemetry = lowerTelemetry(project.runtime.telemetry);
  const metrics = lowerMetrics(project.runtime.metrics);
  return {
    ...(project.hooks !== undefined && { hooks: { file: project.hooks } }),
    ...(config && { config }),
    ...(telemetry && { telemetry }),
    ...(metrics && { metrics }),
    ...(health && { health }),
    ...(project.runtime.logging && { logging: lowerLogging(project.runtime.logging) }),
    ...(auth && { auth }),
    ...lowerLimits(project),
    ...(store && { store }),
  };
}
