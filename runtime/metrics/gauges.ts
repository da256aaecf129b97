import type {} from "../protocol/parts.js";
import type { Server } from "../protocol/exchange.js";
import type { Family, Sample } from "./exposition.js";

/** Returns the metrics of a server's present state. */
export function gauges(server: Server, { sessions, opened }: { sessions: number; opened: number }): Family[] {
  const { ledger, running, cache, store, options, surface } = server;
  const { name, version } = surface.server;
  const one = (value: number, labels: Sample["labels"] = {}): readonly Sample[] => [{ labels, value }];
  const family = (name: string, help: string, samples: readonly Sample[], type: Family["type"] = "gauge"): Family => ({
    ...{ name, help, type, samples },
  });
  const limits = options.limit?.queues?.() ?? [];
  const cached = cache?.statistics?.();
  return [
    family("mcp_server_info", "The name and the version of the server.", one(1, { name, version })),
    family("mcp_requests_running", "Requests and tasks that are not answered yet.", one(running.size)),
    family("mcp_sessions", "Open sessions of revisions that have sessions.", one(sessions)),
    family("mcp_sessions_opened_total", "Sessions that were opened.", one(opened), "counter"),
    family(
      "mcp_kept_items",
      "What the server keeps beyond a message, by kind: connections, sessions, streams, tasks.",
      [...ledger.places()].map(([kind, value]) => ({ labels: { kind }, value })),
    ),
    family("mcp_kept_bytes", "The bytes of what the server keeps beyond a message.", one(ledger.bytes)),
    family(
      "mcp_concurrency_running",
      "Handlers that run, by limit of concurrency.",
      limits.map(({ limit, running }) => ({ labels: { limit }, value: running })),
    ),
    family(
      "mcp_concurrency_waiting",
      "Calls that wait for their turn, by limit of concurrency.",
      limits.map(({ limit, waiting }) => ({ labels: { limit }, value: waiting })),
    ),
    ...(cached === undefined
      ? []
      : [
          family(
            "mcp_cache_requests_total",
            "Calls of entries with a cache: answered from it, by a run, or by the run of another call.",
            [
              { labels: { result: "hit" }, value: cached.hits },
              { labels: { result: "miss" }, value: cached.misses },
              { labels: { result: "joined" }, value: cached.joined },
            ],
            "counter",
          ),
          family("mcp_cache_entries", "Cached results.", one(cached.entries)),
          family("mcp_cache_characters", "The size of cached results.", one(cached.size)),
        ]),
    ...(globalThis.mcpcWithoutStore || store === undefined
      ? []
      : [family("mcp_store_available", "Whether the store is available.", one(store.available ? 1 : 0))]),
  ];
}
