import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createListener } from "../../../runtime/node/http-listener.js";
import { createUpgrade } from "../../../runtime/node/websocket.js";
import { endSubscriptions } from "../../../runtime/protocol/changes.js";
import { serverWith } from "../../runtime/surface.js";
import { scenarios, tenCalls, type Scenario, type World } from "./scenarios.js";

/** What a process holds; the heap in bytes, once nothing that can be collected is left. */
export interface Holding {
  readonly subscribers: number;
  readonly timers: number;
  readonly listeners: number;
  readonly connections: number;
  readonly heap: number;
}
export interface Report {
  readonly name: string;
  readonly times: number;
  readonly before: Holding;
  readonly after: Holding;
}

/** Each call holds this much, in bytes, for as long as anything holds the call. */
const weight = 100_000;
const burden = (): number[] => new Array<number>(weight / 8).fill(0);

const finishing: (() => void)[] = [];
type Given = { signal: AbortSignal; progress: (done: number) => void; elicit: Record<string, () => Promise<unknown>> };
const server = serverWith(
  {
    wait: ((_input: unknown, { signal, progress }: Given) => {
      const held = burden();
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(`${held.length}`));
        progress(1);
      });
    }) as never,
    ask: (async (_input: unknown, { elicit }: Given) => {
      const held = burden();
      await elicit["name"]!();
      return `${held.length}`;
    }) as never,
    throw: (async (_input: unknown, { progress }: Given) => {
      const held = burden();
      progress(1);
      await Promise.resolve();
      throw new Error(`${held.length}`);
    }) as never,
    soon: (async (_input: unknown, { signal }: Given) => {
      const held = burden();
      signal.addEventListener("abort", () => held.fill(1));
      await Promise.resolve();
      return `${held.length}`;
    }) as never,
    finish: ((_input: unknown, { progress }: Given) => {
      progress(1);
      return new Promise((resolve) => finishing.push(() => resolve("finished")));
    }) as never,
  },
  {
    surface: {
      timeoutMs: 60 * 60_000,
      elicitations: new Map([["name", { message: "?", requestedSchema: { type: "object", properties: {} } }]]),
    },
  },
);

const options = {
  path: "/mcp",
  host: "127.0.0.1",
  port: 0,
  allowedOrigins: [],
  allowedHosts: [],
  sse: { path: "/sse", messagesPath: "/messages" },
  websocket: { path: "/ws" },
};
const http = createServer(createListener(server, options));
http.on("upgrade", createUpgrade(server, options));
await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
const world: World = { server, url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`) };

const connections = (): Promise<number> =>
  new Promise((resolve) => http.getConnections((_error, count) => resolve(count)));

async function holding(): Promise<Holding> {
  // Closed connections are let go in later turns; what is really held does not go away by waiting.
  for (let turn = 0; turn < 200 && (await connections()) > 0; turn += 1) await new Promise(setImmediate);
  for (let turn = 0; turn < 5; turn += 1) {
    globalThis.gc!();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  const emitters = [process, http];
  return {
    subscribers: server.subscribers.size,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    listeners: emitters.reduce(
      (sum, emitter) =>
        emitter.eventNames().reduce((all, name) => all + (emitter as NodeJS.EventEmitter).listenerCount(name), sum),
      0,
    ),
    connections: await connections(),
    heap: heapUsed + external,
  };
}

async function repeat({ run, alone }: Scenario, times: number): Promise<void> {
  const atOnce = alone === true ? 1 : 25;
  for (let done = 0; done < times; done += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, times - done) }, () => run(world)));
}

const reports: Report[] = [];
for (const scenario of scenarios) {
  await repeat(scenario, scenario.alone === true ? 2 : 50);
  const before = await holding();
  await repeat(scenario, scenario.times);
  reports.push({ name: scenario.name, times: scenario.times, before, after: await holding() });
}

const answers = await tenCalls(world);
endSubscriptions(server);
http.close();
for (const finish of finishing) finish();
const answered = await Promise.all(answers);
process.stdout.write(JSON.stringify({ weight, reports, answered }));
// Nothing ends this process but that nothing is left to do.
