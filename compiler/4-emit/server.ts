import type { Handler, Server } from "../model/server.js";
import { importPath, literal } from "./code.js";
import { surroundings } from "./runtime.js";
import { variablesText } from "./variables.js";

const library = "@mcpc/runtime/codegen/v1";

/** `generated/server.ts`: each handler checked against its type and bound to its entry; the server as a value to mount. */
export function serverModule(server: Server): string {
  const handlers = handlerImports(server);
  const { http } = server.transports;
  const around = surroundings(server);
  const rows = (entries: readonly (readonly [string, Handler])[]): string => {
    if (entries.length === 0) return "new Map(),";
    const lines = entries.map(
      ([key, handler]) => `    [${literal(key)}, handler<${handler.type}>(${handlers.nameOf(handler)})],\n`,
    );
    return `new Map([\n${lines.join("")}  ]),`;
  };
  const tools = server.tools.map(({ name, handler }) => [name, handler] as const);
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
    ...around.imports,
    ...handlers.lines,
    `import { surface } from "./surface.js";\n`,
    types.length > 0 &&
      `import type {\n${[...new Set(types)]
        .sort()
        .map((type) => `  ${type},\n`)
        .join("")}} from "./types.js";\n`,
    "\n",
    http &&
      `/** Where and for whom the server listens. */\nexport const http = {\n${Object.entries(http)
        .map(
          ([key, value]) => `  ${key}: ${literal(value)}${Array.isArray(value) ? ` as ${listType(value)}[]` : ""},\n`,
        )
        .join("")}};\n\n`,
    "/** The compiled server: its surface, and the handlers that serve it. */\n",
    "export const server: ReturnType<typeof defineServer> = defineServer(surface, {\n",
    `  tools: ${rows(tools)}\n`,
    `  resources: ${rows(resources)}\n`,
    `  resourceTemplates: ${rows(templates)}\n`,
    `  prompts: ${rows(prompts)}\n`,
    `  completions: ${rows(completions)}\n`,
    lists.length > 0 && `  lists: ${rows(lists)}\n`,
    around.options.length === 0
      ? "});\n"
      : `}, () => ({\n${around.options.map((line) => `  ${line}\n`).join("")}}));\n`,
    around.exports.length > 0 && "\n",
    ...around.exports,
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

/** `generated/main.ts`: serves the server on its transports. */
export function mainModule(server: Server): string {
  const { stdio, http, fromEnvironment } = server.transports;
  const { config, auth, drainMs } = server.runtime;
  const variables = variablesText(server);
  return (
    `import { main } from ${literal(`${library}/main`)};\n` +
    (config ? `import { configure } from ${literal(`${library}/node-config`)};\n` : "") +
    (auth && stdio ? `import { localCaller } from ${literal(`${library}/node-auth`)};\n` : "") +
    (http ? `import { listen } from ${literal(`${library}/node-http`)};\n` : "") +
    (fromEnvironment ? `import { readHttp } from ${literal(`${library}/http-environment`)};\n` : "") +
    `import { ${http ? "http, " : ""}server } from "./server.js";\n\n` +
    `void main(server, { stdio: ${stdio}${http ? `, http: { ...http, listen${fromEnvironment ? ", read: readHttp" : ""}${http.websocket ? `, loadWebSocket: () => import(${literal(`${library}/node-websocket`)})` : ""} }` : ""}${config ? ", configure" : ""}${auth && stdio ? ", localCaller" : ""}${drainMs === undefined ? "" : `, drainMs: ${drainMs}`}${variables === undefined ? "" : `, variables: ${literal(variables)}`} });\n`
  );
}

/** Every handler, in the order of the manifests. */
export function handlersOf(server: Server): Handler[] {
  return [
    ...server.tools.map(({ handler }) => handler),
    ...server.resources.flatMap(({ source }) => ("handler" in source ? [source.handler] : [])),
    ...server.resourceTemplates.map(({ handler }) => handler),
    ...server.prompts.flatMap(({ source }) => ("handler" in source ? [source.handler] : [])),
    ...server.resourceTemplates.flatMap(({ list }) => list ?? []),
    ...[...server.resourceTemplates, ...server.prompts].flatMap(({ completions }) =>
      completions.map(({ handler }) => handler),
    ),
  ];
}

interface HandlerImports {
  readonly lines: readonly string[];
  readonly nameOf: (handler: Handler) => string;
}

/** One import per file; an export whose name is taken is imported under another. */
function handlerImports(server: Server): HandlerImports {
  const taken = new Set([
    "Map",
    "Promise",
    "Parameters",
    "ReturnType",
    "defineServer",
    "handler",
    "createFetch",
    "createListener",
    "createUpgrade",
    "upgrade",
    "relocate",
    "readHttp",
    "at",
    "surface",
    "server",
    "http",
    "fetch",
    "listener",
    "hooks",
    "checkedHooks",
    "hook",
    "createAuthentication",
    "bearer",
    "readText",
    "oauth",
    "jwt",
    "introspection",
    "createSettings",
    "createLogging",
    "openLogFile",
    "health",
    "createCache",
    "createRate",
    "limitConcurrency",
    "start",
    "startServer",
    "stop",
    "stopServer",
  ]);
  const names = new Map<string, string>();
  const files = new Map<string, string[]>();
  const identity = ({ file, export: name }: Handler): string => `${file}#${name}`;
  for (const handler of handlersOf(server)) {
    if (names.has(identity(handler))) continue;
    let local: string = handler.export;
    for (let number = 2; taken.has(local); number++) local = `${handler.export}${number}`;
    taken.add(local);
    names.set(identity(handler), local);
    const specifier = local === handler.export ? local : `${handler.export} as ${local}`;
    files.set(handler.file, [...(files.get(handler.file) ?? []), specifier]);
  }
  const lines = [...files].map(
    ([file, specifiers]) =>
      `import { ${specifiers.join(", ")} } from ${literal(importPath(`${server.layout.generated}/server.ts`, file))};\n`,
  );
  return { lines, nameOf: (handler) => names.get(identity(handler))! };
}
