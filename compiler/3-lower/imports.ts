import type { Handler, HandlerImport, Identifier, Server } from "../model/server.js";

/** Identifiers that `generated/server.ts` uses itself. */
const taken: readonly string[] = (
  "Map Promise Parameters ReturnType defineServer handler createFetch createListener createUpgrade upgrade relocate readHttp " +
  "at surface server http fetch listener hooks checkedHooks hook createAuthentication bearer readText " +
  "oauth jwt introspection createSettings createLogging openLogFile health createCache createRate limitConcurrency start startServer " +
  "stop stopServer upstreams"
).split(" ");

type Entries = Pick<Server, "tools" | "resources" | "resourceTemplates" | "prompts">;

/** Lists the handlers that `generated/server.ts` imports, under other names where their own names conflict. */
export function handlerImports(entries: Entries): HandlerImport[] {
  const used = new Set(taken);
  const imports = new Map<string, HandlerImport>();
  for (const { file, export: name } of handlersOf(entries)) {
    const identity = `${file}#${name}`;
    if (imports.has(identity)) continue;
    let local: string = name;
    for (let number = 2; used.has(local); number++) local = `${name}${number}`;
    used.add(local);
    imports.set(identity, { file, export: name, local: local as Identifier });
  }
  return [...imports.values()];
}

/** Returns all handlers, in the order of the manifests. */
function handlersOf(server: Entries): Handler[] {
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
