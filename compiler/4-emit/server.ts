import type { Handler, Server } from "../model/server.js";
import { importPath, literal, spacedLiteral } from "./code.js";
import { printTypeImport } from "./format.js";
import { isChunked, type ModuleForm } from "./module-form.js";
import { runtimeCode } from "./runtime.js";
import { variablesText } from "./variables.js";

const library = "@mcpc/runtime/codegen/v1";

/**
 * Prints `generated/server.ts`: each handler, checked against its type and bound to its entry, and the server as a
 * mountable value. In a bundle with chunks, the handlers of tools are a list in the order of the surface, which loads
 * faster than a map.
 */
export function serverModule(server: Server, form: ModuleForm = "source"): string {
  const nameOf = localNames(server);
  const { http } = server.transports;
  const features = runtimeCode(server);
  const rows = (entries: readonly (readonly [string, Handler])[]): string => {
    if (entries.length === 0) return "new Map(),";
    const lines = entries.map(
      ([key, handler]) => `    [${literal(key)}, handler<${handler.type}>(${nameOf(handler)})],\n`,
    );
    return `new Map([\n${lines.join("")}  ]),`;
  };
  const tools = server.tools.map(({ name, handler }) => [name, handler] as const);
  const toolRows = (): string => {
    if (!isChunked(form) || tools.length === 0) return `tools: ${rows(tools)}`;
    const lines = tools.map(([, handler]) => `    handler<${handler.type}>(${nameOf(handler)}),\n`);
    const table = `new Map([\n${lines.join("")}  ].map((one, index) => [surface.tools[index].name, one]))`;
    return `get tools() { return Object.defineProperty(this, "tools", { value: ${table} }).tools; },`;
  };
  const resources = server.resources.flatMap(({ uri, source }) =>
    "handler" in source ? [[uri, source.handler] as const] : [],
  );
  const templates = server.resourceTemplates.map(({ uriTemplate, handler }) => [uriTemplate, handler] as const);
  const prompts = server.prompts.flatMap(({ name, source }) =>
    "handler" in source ? [[name, source.handler] as const] : [],
  );
  const lists = server.resourceTemplates.flatMap(({ uriTemplate, list }) =>
    list ? [[uriTemplate, list] as const] : [],
  );
  const completions = [
    ...server.resourceTemplates.flatMap(({ uriTemplate, completions }) =>
      completions.map(({ name, handler }) => [`${uriTemplate} ${name}`, handler] as const),
    ),
    ...server.prompts.flatMap(({ name: prompt, completions }) =>
      completions.map(({ name, handler }) => [`${prompt} ${name}`, handler] as const),
    ),
  ];
  const types = [...tools, ...resources, ...templates, ...prompts, ...completions, ...lists].map(
    ([, { type }]) => type,
  );
  return [
    `import { defineServer${types.length > 0 ? ", handler" : ""} } from ${literal(library)};\n`,
    http && `import { createFetch } from ${literal(`${library}/fetch`)};\n`,
    http && `import { createListener, relocate } from ${literal(`${library}/node-http`)};\n`,
    http?.websocket && `import { createUpgrade } from ${literal(`${library}/node-websocket`)};\n`,
    ...features.imports,
    ...importLines(server),
    `import { surface } from "./surface.js";\n`,
    types.length > 0 && printTypeImport([...new Set(types)].sort(), "./types.js"),
    "\n",
    http &&
      `/** Where and for whom the server listens. */\nexport const http = {\n${Object.entries(http)
        .map(
          ([key, value]) =>
            `  ${key}: ${spacedLiteral(value)}${Array.isArray(value) ? ` as ${listType(value)}[]` : ""},\n`,
        )
        .join("")}};\n\n`,
    "/** The compiled server: its surface, and the handlers that serve it. */\n",
    "export const server: ReturnType<typeof defineServer> = defineServer(surface, {\n",
    `  ${toolRows()}\n`,
    `  resources: ${rows(resources)}\n`,
    `  resourceTemplates: ${rows(templates)}\n`,
    `  prompts: ${rows(prompts)}\n`,
    `  completions: ${rows(completions)}\n`,
    lists.length > 0 && `  lists: ${rows(lists)}\n`,
    features.options.length === 0
      ? "});\n"
      : `}, () => ({\n${features.options.map((line) => `  ${line}\n`).join("")}}));\n`,
    features.exports.length > 0 && "\n",
    ...features.exports,
    http &&
      "\n/** The server as a Web-standard handler, `(Request) => Promise<Response>`: for Hono, Next.js, workers, Deno, Bun. */\n",
    http && "export const fetch: ReturnType<typeof createFetch> = /* @__PURE__ */ createFetch(server, http);\n",
    http && "\n/** The server as a listener of `node:http`: for `createServer`, Express, Fastify. */\n",
    http &&
      "export const listener: ReturnType<typeof createListener> = /* @__PURE__ */ createListener(server, http);\n",
    http?.websocket && "\n/** The server over WebSocket, as a listener of `node:http`'s `upgrade`. */\n",
    http?.websocket &&
      "export const upgrade: ReturnType<typeof createUpgrade> = /* @__PURE__ */ createUpgrade(server, http);\n",
    http && `\n${relocated(http.websocket !== undefined)}`,
  ]
    .filter((part) => part !== undefined && part !== false)
    .join("");
}

function listType(values: readonly unknown[]): string {
  return values.some((value) => typeof value === "object") ? "(string | { env: string })" : "string";
}

function relocated(withUpgrade: boolean): string {
  const type = `{ readonly listener: typeof listener; readonly fetch: typeof fetch${withUpgrade ? "; readonly upgrade: typeof upgrade" : ""} }`;
  const upgrade = withUpgrade ? "    upgrade: createUpgrade(server, there),\n" : "";
  return `/** The server with its MCP endpoint at another path; what the manifest has beside it lies beside that. */
export function at(path: string): ${type} {
  const there = relocate(http, path);
  return {
    listener: createListener(server, there),
    fetch: createFetch(server, there),
${upgrade}  };
}
`;
}

/** Prints `generated/main.ts`, which serves the server on its transports. */
export function mainModule(server: Server): string {
  const { stdio, http, fromEnvironment } = server.transports;
  const { config, auth, drainMs, metrics } = server.runtime;
  const variables = variablesText(server);
  return (
    `import { main } from ${literal(`${library}/main`)};\n` +
    (config ? `import { configure } from ${literal(`${library}/node-config`)};\n` : "") +
    (auth && stdio ? `import { localCaller } from ${literal(`${library}/node-auth`)};\n` : "") +
    (http ? `import { listen } from ${literal(`${library}/node-http`)};\n` : "") +
    (fromEnvironment ? `import { readHttp } from ${literal(`${library}/http-environment`)};\n` : "") +
    (metrics?.address ? `import { serveMetrics } from ${literal(`${library}/node-metrics`)};\n` : "") +
    `import { ${http ? "http, " : ""}server } from "./server.js";\n\n` +
    `void main(server, { stdio: ${stdio}${http ? `, http: { ...http, listen${fromEnvironment ? ", read: readHttp" : ""}${http.websocket ? `, loadWebSocket: () => import(${literal(`${library}/node-websocket`)})` : ""} }` : ""}${config ? ", configure" : ""}${auth && stdio ? ", localCaller" : ""}${drainMs === undefined ? "" : `, drainMs: ${drainMs}`}${metrics?.address ? `, serveMetrics: (server) => serveMetrics(server, ${literal({ ...metrics.address, hasToken: metrics.token !== undefined })})` : ""}${variables === undefined ? "" : `, variables: ${literal(variables)}`} });\n`
  );
}

/** Prints one import for each file. */
function importLines({ imports, layout }: Server): string[] {
  const files = new Map<string, string[]>();
  for (const { file, export: name, local } of imports)
    files.set(file, [...(files.get(file) ?? []), local === name ? local : `${name} as ${local}`]);
  const from = `${layout.generated}/server.ts`;
  return [...files].map(
    ([file, specifiers]) => `import { ${specifiers.join(", ")} } from ${literal(importPath(from, file))};\n`,
  );
}

/** Returns the name under which `generated/server.ts` imports a handler. */
function localNames({ imports }: Server): (handler: Handler) => string {
  const names = new Map(imports.map(({ file, export: name, local }) => [`${file}#${name}`, local]));
  return ({ file, export: name }) => names.get(`${file}#${name}`)!;
}
