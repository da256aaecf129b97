// The server that is attacked: every transport, every kind of entry, default limits, no authentication.
const object = (properties, required = Object.keys(properties)) => ({ type: "object", properties, required });

export const files = {
  "target.mcp.json": {
    server: { name: "target", version: "1.0.0" },
    tools: [
      { name: "echo", inputSchema: object({ text: { type: "string" } }), annotations: { readOnlyHint: true } },
      {
        name: "work",
        inputSchema: object({ ms: { type: "integer", minimum: 0 } }),
        annotations: { readOnlyHint: true },
      },
      { name: "flood", inputSchema: object({ events: { type: "integer" }, size: { type: "integer" } }) },
      { name: "job", inputSchema: object({ ms: { type: "integer" } }), execution: { taskSupport: "required" } },
    ],
    resources: [{ uri: "target://news", name: "news", text: "none", subscribe: true }],
    resourceTemplates: [{ uriTemplate: "target://item/{id}", name: "item" }],
    runtime: { transports: { http: { port: 0 }, sse: {}, websocket: {}, toolEvents: {} } },
  },
  "src/tools/echo.ts": `import type { Echo } from "../../generated/types.js";

export const echo: Echo = ({ text }) => text;
`,
  "src/tools/work.ts": `import { setTimeout } from "node:timers/promises";
import type { Work } from "../../generated/types.js";

export const work: Work = async ({ ms }) => {
  await setTimeout(ms);
  return "worked";
};
`,
  "src/tools/flood.ts": `import { setImmediate } from "node:timers/promises";
import type { Flood } from "../../generated/types.js";

export const flood: Flood = async ({ events, size }, { progress }) => {
  for (let event = 1; event <= Math.min(events, 10_000); event += 1) {
    progress(event, events, "x".repeat(100));
    if (event % 100 === 0) await setImmediate();
  }
  return "x".repeat(Math.min(size, 1_000_000));
};
`,
  "src/tools/job.ts": `import { setTimeout } from "node:timers/promises";
import type { Job } from "../../generated/types.js";

export const job: Job = async ({ ms }) => {
  await setTimeout(Math.min(ms, 60_000));
  return "x".repeat(100_000);
};
`,
  "src/resources/item.ts": `import type { Item } from "../../generated/types.js";

export const item: Item = ({ id }) => id;
`,
};
