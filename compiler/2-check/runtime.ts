import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Json, JsonObject, Located, Member, Sources } from "../model/source.js";
import { projectPath } from "../project-path.js";
import { resolveModule, type Files } from "./files.js";
import type { Merged } from "./merge.js";

/** Fields of a setting that JSON Schema does not define. */
const own: ReadonlySet<string> = new Set(["env", "secret"]);

/** Finds the module of hooks: the one that the manifest names, or an existing one at the default path. */
export function checkHooks(
  { runtime, build }: Merged,
  sources: Sources,
  files: Files,
  diagnostics: Diagnostic[],
): string | undefined {
  const declared = runtime && child(runtime.node, "hooks");
  if (declared) return resolveModule(declared, "hooks", files, diagnostics);
  const source = build && child(build.node, "source");
  const usual = projectPath("mcpc.json", `${source ? String(source.value) : "src"}/hooks.ts`);
  return usual !== undefined && sources.modules.has(usual) ? usual : undefined;
}

/** Returns the schema of the settings, without the fields that JSON Schema does not define. */
export function configSchema({ runtime }: Merged): Located | undefined {
  const config = runtime && child(runtime.node, "config");
  if (config?.kind !== "object") return undefined;
  return replaced(config, "properties", (list) =>
    mapMembers(list, (member) => ({ ...member, node: without(member.node, own) })),
  );
}

function replaced(node: Located, key: string, change: (value: Located) => Located): Located {
  return mapMembers(node, (member) => (member.key === key ? { ...member, node: change(member.node) } : member));
}

function without(node: Located, keys: ReadonlySet<string>): Located {
  if (node.kind !== "object") return node;
  return ofMembers(
    node,
    node.members.filter(({ key }) => !keys.has(key)),
  );
}

function mapMembers(node: Located, change: (member: Member) => Member): Located {
  return node.kind === "object" ? ofMembers(node, node.members.map(change)) : node;
}

function ofMembers(node: Located & { kind: "object" }, members: readonly Member[]): Located {
  const value = Object.fromEntries(members.map(({ key, node: member }): [string, Json] => [key, member.value]));
  return { ...node, members, value: value as JsonObject };
}

/** Refuses one file for the log and the audit: each of them renames its file when it is full. */
export function checkLogFiles({ runtime }: Merged, diagnostics: Diagnostic[]): void {
  const logging = runtime && child(runtime.node, "logging");
  const fileOf = (node: Located | undefined): Located | undefined => {
    const file = node && child(node, "file");
    return file && child(file, "path");
  };
  const log = fileOf(logging);
  const audit = fileOf(logging && child(logging, "audit"));
  if (log === undefined || audit === undefined || log.value !== audit.value) return;
  const reason = `${JSON.stringify(audit.value)} is the file of the log; give the audit a file of its own`;
  diagnostics.push(diagnose("manifest/invalid-value", audit.span, { reason }));
}

/** Refuses metrics that nobody could read, or everybody. */
export function checkMetrics({ runtime }: Merged, diagnostics: Diagnostic[]): void {
  const metrics = runtime && child(runtime.node, "metrics");
  if (!metrics || child(metrics, "port")) return;
  const transports = child(runtime.node, "transports");
  const isOnStdioAlone =
    transports !== undefined && ["http", "sse", "toolEvents", "websocket"].every((name) => !child(transports, name));
  const reason = isOnStdioAlone
    ? 'metrics of a server without http need a "port" of their own'
    : 'metrics on the port of http need a "token", since they name tools; or give them a "port" of their own';
  if (isOnStdioAlone || !child(metrics, "token"))
    diagnostics.push(diagnose("manifest/invalid-value", metrics.span, { reason }));
}

/** Refuses two endpoints at one path, and two servers at one port. */
export function checkEndpoints({ runtime }: Merged, diagnostics: Diagnostic[]): void {
  const transports = runtime && child(runtime.node, "transports");
  const metrics = runtime && child(runtime.node, "metrics");
  const [http, sse, websocket] = ["http", "sse", "websocket"].map((name) => transports && child(transports, name));
  const port = metrics && child(metrics, "port");
  const health = runtime && child(runtime.node, "health");
  const taken = new Map<string, string>();
  const claim = (section: Located | undefined, key: string, preset: string, owner: string): void => {
    const node = section && child(section, key);
    const value = node?.value ?? preset;
    // The server checks paths from variables.
    if (typeof value !== "string") return;
    const path = value.replace(/(?<=.)\/+$/, "");
    const other = taken.get(path);
    if (other !== undefined && section !== undefined) {
      const reason = `${JSON.stringify(key)} cannot be ${JSON.stringify(value)}: ${other} answers there`;
      diagnostics.push(diagnose("manifest/invalid-value", (node ?? section).span, { reason }));
    }
    taken.set(path, owner);
  };
  claim(http, "path", "/mcp", "the MCP endpoint");
  if (sse) {
    claim(sse, "path", "/sse", "HTTP+SSE");
    claim(sse, "messages", "/messages", "HTTP+SSE");
  }
  // An upgrade to WebSocket may share its path with requests, but a scrape or a probe there would be misunderstood.
  if (websocket) taken.set(String(child(websocket, "path")?.value ?? "/ws"), "WebSocket");
  if (metrics && !port) claim(metrics, "path", "/metrics", "the endpoint of metrics");
  if (health) {
    claim(health, "liveness", "/healthz", '"liveness"');
    claim(health, "readiness", "/readyz", '"readiness"');
  }
  const isHttp = !transports || [http, sse, websocket].some(Boolean);
  if (!port || !isHttp || port.value === 0 || port.value !== ((http && child(http, "port")?.value) ?? 3000)) return;
  const reason = `the "port" of metrics cannot be ${port.value}: http listens there; choose another one`;
  diagnostics.push(diagnose("manifest/invalid-value", port.span, { reason }));
}

/** Refuses a tool with the name of the health tool. */
export function checkHealth({ runtime, tools }: Merged, diagnostics: Diagnostic[]): void {
  const health = runtime && child(runtime.node, "health");
  if (!health) return;
  const wanted = child(health, "tool");
  const same = tools.find(({ value }) => value["name"] === "health_check");
  if (wanted?.value === true && same) {
    const related = [{ span: wanted.span, message: "first here" }];
    diagnostics.push(diagnose("name/duplicate", same.span, { kind: "tool", name: "health_check" }, related));
  }
}
