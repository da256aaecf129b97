import type { Server } from "../model/server.js";
import type { Json } from "../model/source.js";
import type { Upstream } from "../model/upstream.js";
import { literal } from "./code.js";

const library = "@mcpc/runtime/codegen/v1";

/** Prints `generated/upstreams.ts`: the upstreams, and the handlers of the entries that they answer. */
export function upstreamsModule({ upstreams }: Server): string {
  const starts = upstreams.some(({ transport }) => "command" in transport);
  const connects = upstreams.some(({ transport }) => "url" in transport);
  return [
    `import { ${connects ? "connectHttp, " : ""}createUpstream, type Upstream } from ${literal(`${library}/upstream`)};\n`,
    starts ? `import { startProcess } from ${literal(`${library}/node-upstream`)};\n` : "",
    ...upstreams.map(upstreamText),
    `\nexport const upstreams: readonly Upstream[] = [${upstreams.map((each) => each.export).join(", ")}];\n`,
  ].join("");
}

function upstreamText({ name, export: exported, transport, handlers }: Upstream): string {
  const make = "command" in transport ? "startProcess" : "connectHttp";
  const definition = `${make}(${literal(transport as unknown as Json)})`;
  return [
    `\nexport const ${exported}: Upstream = /* @__PURE__ */ createUpstream(${literal(name)}, ${definition});\n`,
    ...handlers.map(
      (handler) =>
        `export const ${handler.export} = /* @__PURE__ */ ${exported}.${handler.make}(${handler.arguments.map((each) => literal(each)).join(", ")});\n`,
    ),
  ].join("");
}
