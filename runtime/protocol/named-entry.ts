import type { Call, Server } from "./exchange.js";
import { isObject } from "./json-rpc.js";
import { findResource } from "./resource-lookup.js";

/** The entry that a request names. Clients choose the name, unless it is `declared`. */
export interface NamedEntry {
  readonly kind: "tool" | "prompt" | "resource";
  readonly name: string;
  /** The name in the manifest: for a resource its URI or its template; `undefined` if the manifest has no such entry. */
  readonly declared: string | undefined;
}

/** The maximum length of a name that a client chose. */
const maxNameLength = 200;

/** Returns the entry that a request names. */
export function namedEntry(call: Call): NamedEntry | undefined {
  const { name, uri, ref } = call.params;
  const { server } = call.peer.view;
  switch (call.method) {
    case "tools/call":
      return typeof name === "string" ? target("tool", name, declaredNames(server).tools) : undefined;
    case "prompts/get":
      return typeof name === "string" ? target("prompt", name, declaredNames(server).prompts) : undefined;
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return typeof uri === "string" ? resource(call, uri) : undefined;
    case "completion/complete":
      if (!isObject(ref)) return undefined;
      if (typeof ref["name"] === "string") return target("prompt", ref["name"], declaredNames(server).prompts);
      return typeof ref["uri"] === "string"
        ? target("resource", ref["uri"], declaredNames(server).templates)
        : undefined;
    default:
      return undefined;
  }
}

/** Returns the id of the task that a request names. */
export function namedTask({ method, params }: Call): string | undefined {
  const { taskId } = params;
  return method.startsWith("tasks/") && typeof taskId === "string" ? taskId.slice(0, maxNameLength) : undefined;
}

function target(kind: NamedEntry["kind"], name: string, declared: ReadonlySet<string>): NamedEntry {
  return { kind, name: name.slice(0, maxNameLength), declared: declared.has(name) ? name : undefined };
}

function resource(call: Call, uri: string): NamedEntry {
  const found = globalThis.mcpcWithoutResources ? undefined : findResource(call.peer.view.server, uri);
  const declared = found?.resource?.uri ?? found?.template?.uriTemplate;
  return { kind: "resource", name: uri.slice(0, maxNameLength), declared };
}

interface DeclaredNames {
  readonly tools: ReadonlySet<string>;
  readonly prompts: ReadonlySet<string>;
  readonly templates: ReadonlySet<string>;
}

function declaredNames({ indexes, surface }: Server): DeclaredNames {
  let names = indexes.get("declared names") as DeclaredNames | undefined;
  if (names === undefined) {
    names = {
      tools: new Set(surface.tools.map(({ name }) => name)),
      prompts: new Set(surface.prompts.map(({ name }) => name)),
      templates: new Set(surface.resourceTemplates.map(({ uriTemplate }) => uriTemplate)),
    };
    indexes.set("declared names", names);
  }
  return names;
}

/** The methods of requests in all revisions. */
const methods: ReadonlySet<string> = new Set([
  ...["initialize", "ping", "server/discover", "completion/complete", "logging/setLevel", "subscriptions/listen"],
  ...["tools/list", "tools/call", "prompts/list", "prompts/get", "tasks/get", "tasks/update", "tasks/cancel"],
  ...["resources/list", "resources/templates/list", "resources/read", "resources/subscribe", "resources/unsubscribe"],
]);

/** Returns the method of a request. A method that no revision has becomes `_OTHER`, since clients choose it. */
export function methodOf({ method }: Call): string {
  return methods.has(method) ? method : "_OTHER";
}
