import { relative, resolve, sep } from "node:path";
import { setField } from "../add/set-field.js";
import { isObject } from "../diff/schemas/classes.js";
import { isServer } from "../diff/server-side.js";
import { NoSide, type SideOptions, type Surface } from "../diff/surface.js";
import { wordsOf } from "../host-node/mcp-process.js";
import type { Json, JsonObject } from "../model/source.js";
import type { Imported, ImportRecord } from "./merge.js";

/** Capabilities that clients of a proxy may have. Some servers list entries only for clients that have them. */
export const proxyCapabilities: JsonObject = {
  elicitation: { form: {}, url: {} },
  sampling: { tools: {}, context: {} },
  roots: {},
};

/** Whether the last import made its entries pass calls on. */
export function wasProxied(record: ImportRecord | undefined): boolean {
  return Object.values(record ?? {}).some((fields) => Object.hasOwn(fields, "upstream"));
}

export interface ProxyOptions extends Pick<SideOptions, "cwd" | "headers" | "env"> {
  readonly source: string;
  /** The project folder, absolute. */
  readonly root: string;
}

/** The upstream of an import: entries that name it, and how a manifest defines it. */
export interface Proxy {
  readonly imported: Imported;
  /** Returns the text of a manifest with the definition, unless it has one. */
  define(text: string): string;
  /** The next step, for the user. */
  readonly next: string;
}

/** Throws `NoSide` for a source that cannot answer calls. */
export function refuseOtherSources(source: string): void {
  if (!isServer(source)) throw new NoSide("--handlers proxy needs a server that answers calls: stdio:COMMAND or a URL");
}

/** Makes the entries of a server pass calls on to it. `manifest` is the value of the manifest that they are merged into. */
export function proxyOf(surface: Surface, imported: Imported, manifest: JsonObject, options: ProxyOptions): Proxy {
  const defined = isObject(manifest["upstreams"]) ? manifest["upstreams"] : {};
  const derived = upstreamName(surface.name);
  const name = Object.hasOwn(defined, derived) ? derived : (Object.keys(defined)[0] ?? derived);
  const { resources, completions } = surface.capabilities ?? {};
  const subscribe = isObject(resources) && resources["subscribe"] === true;
  const passed = (entries: readonly JsonObject[], more: JsonObject = {}): JsonObject[] =>
    entries.map((entry) => ({ ...entry, upstream: name, ...more }));
  const { definition, variables } = definitionOf(name, options);
  return {
    imported: {
      tools: passed(imported.tools),
      resources: passed(imported.resources, subscribe ? { subscribe } : {}),
      resourceTemplates: passed(imported.resourceTemplates),
      prompts: passed(imported.prompts),
    },
    define: (text) =>
      Object.hasOwn(defined, name)
        ? text
        : setField(text, ["upstreams", name], {
            ...definition,
            ...(completions !== undefined && { completions: true }),
          }),
    next:
      variables.length > 0 && !Object.hasOwn(defined, name)
        ? `set ${variables.join(", ")} for the built server, then mcpc build`
        : "mcpc build; no handler is needed",
  };
}

/** Returns how to reach the server. Values of headers and variables may be secret, so they come from the environment. */
function definitionOf(
  name: string,
  { source, cwd, root, headers, env }: ProxyOptions,
): { readonly definition: JsonObject; readonly variables: readonly string[] } {
  if (!source.startsWith("stdio:")) {
    const prefix = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
    const variableOf = (header: string): string => `${prefix}_${header}`.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
    const given = Object.fromEntries(Object.keys(headers).map((header) => [header, { env: variableOf(header) }]));
    const hasHeaders = Object.keys(headers).length > 0;
    return {
      definition: { url: source, ...(hasHeaders && { headers: given }) },
      variables: Object.keys(headers).map(variableOf),
    };
  }
  const [command = "", ...args] = wordsOf(source.slice("stdio:".length));
  const variables = Object.keys(env);
  const folder = relative(root, resolve(cwd)).split(sep).join("/");
  const given = Object.fromEntries(variables.map((variable): [string, Json] => [variable, { env: variable }]));
  return {
    definition: {
      command,
      ...(args.length > 0 && { args }),
      ...(variables.length > 0 && { env: given }),
      ...(folder !== "" && { cwd: folder }),
    },
    variables,
  };
}

/** Returns a name that the manifest language accepts. */
function upstreamName(name: string): string {
  const [first = "", ...others] = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = first.toLowerCase() + others.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  return (/^[a-z]/.test(joined) ? joined : `upstream${joined}`).slice(0, 40);
}
