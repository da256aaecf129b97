import type { Project } from "../model/project.js";
import type { Completion, Handler, Identifier, Layout } from "../model/server.js";
import { camelCase, claims, type Claims } from "./names.js";

/** The module of upstreams, and the names that it exports. */
export interface UpstreamNames {
  readonly file: string;
  readonly exports: Claims;
}

/** Identifiers that `generated/upstreams.ts` uses itself. */
const taken = ["createUpstream", "connectHttp", "startProcess", "Upstream", "upstreams"];

export function upstreamNames({ upstreams }: Project, { generated }: Layout): UpstreamNames {
  return {
    file: `${generated}/upstreams.ts`,
    exports: claims([...taken, ...Object.keys(upstreams).map(upstreamExport)]),
  };
}

/** Returns the name under which `generated/upstreams.ts` exports an upstream. */
export function upstreamExport(name: string): Identifier {
  const identifier = camelCase(name, "upstream");
  return taken.includes(identifier) ? (`${identifier}Server` as Identifier) : identifier;
}

/** Returns the place of the handler that an upstream takes the part of, as a declared one. */
export function upstreamHandler(
  { file, exports }: UpstreamNames,
  kind: "tool" | "resource" | "template" | "prompt",
  name: string,
  key = name,
): string {
  const base = camelCase(name, kind);
  return `${file}#${exports.claim([base, `${base}${kind[0]!.toUpperCase()}${kind.slice(1)}`], key)}`;
}

/** Returns the completions that the upstream of an entry has for these arguments, unless functions complete them. */
export function upstreamCompletions(
  { upstreams }: Project,
  { file, exports }: UpstreamNames,
  { upstream }: { readonly upstream?: string },
  owner: Handler | undefined,
  variables: readonly string[],
): Completion[] {
  if (upstream === undefined || owner === undefined || upstreams[upstream]?.completions !== true) return [];
  return variables.map((name) => {
    const base = `${owner.export}${camelCase(name, "argument").replace(/^./, (first) => first.toUpperCase())}`;
    const exported = exports.claim([base], `${owner.export} ${name}`) as Identifier;
    return { name, handler: { file, export: exported, type: "CompletionHandler" as Identifier, declared: true } };
  });
}
