import type { Unauthorized } from "../protocol/auth.js";
import type { Auth } from "../protocol/handlers.js";
import { createLedger } from "../protocol/ledger.js";

/** The maximum number of cached tokens, for valid and for refused ones. */
const maxTokens = 10_000;
/** Lifetime of a refusal. It is short, because a refused token may become valid. */
const refusedMs = 2000;
/** Interval at which expired verdicts are removed. */
const sweepMs = 10_000;

export interface TokenCacheOptions {
  /** Lifetime of a valid token in the cache, unless the token expires earlier. */
  readonly keptMs: number;
  /** The maximum number of checks at a time. */
  readonly maxExaminations: number;
}

/** Caches verdicts on tokens. */
export interface TokenCache {
  /**
   * Returns the verdict on a token: a cached one, or that of a running or a new check. Without a free place, the
   * caller with the most checks loses its oldest one, whose signal is aborted.
   */
  get(
    token: string,
    caller: string,
    examine: (signal: AbortSignal) => Promise<Auth | Unauthorized>,
  ): Promise<Auth | Unauthorized>;
}

interface CachedVerdict {
  readonly verdict: Auth | Unauthorized;
  readonly until: number;
}

/** Creates a cache of verdicts. Its keys are hashes, so that it contains no tokens. */
export function createTokenCache({ keptMs, maxExaminations }: TokenCacheOptions): TokenCache {
  // Refusals have a separate map, so that invalid tokens cannot evict valid ones.
  const good = new Map<string, CachedVerdict>();
  const bad = new Map<string, CachedVerdict>();
  const running = new Map<string, Promise<Auth | Unauthorized>>();
  // Checks are counted only; they take no bytes.
  const places = createLedger(0);
  let swept = performance.now();

  function find(table: Map<string, CachedVerdict>, key: string): Auth | Unauthorized | undefined {
    const entry = table.get(key);
    if (entry === undefined) return undefined;
    if (isCurrent(entry)) return entry.verdict;
    table.delete(key);
    return undefined;
  }

  function sweep(): void {
    if (performance.now() - swept < sweepMs) return;
    swept = performance.now();
    for (const table of [good, bad]) for (const [key, entry] of table) if (!isCurrent(entry)) table.delete(key);
  }

  function store(key: string, verdict: Auth | Unauthorized): Auth | Unauthorized {
    const refused = "status" in verdict;
    // Other refusals are temporary.
    if (refused && verdict.status !== 401) return verdict;
    sweep();
    const table = refused ? bad : good;
    if (table.size >= maxTokens) table.delete(table.keys().next().value!);
    table.set(key, { verdict, until: performance.now() + (refused ? refusedMs : keptMs) });
    return verdict;
  }

  return {
    async get(token, caller, examine) {
      const key = await hashOf(token);
      const cached = find(good, key) ?? find(bad, key) ?? running.get(key);
      if (cached !== undefined) return cached;
      const stopped = new AbortController();
      let evict!: () => void;
      const evicted = new Promise<Unauthorized>((resolve) => (evict = () => resolve(overloaded)));
      const place = places.book({ kind: "examination", most: maxExaminations, caller }, () => {
        evict();
        stopped.abort();
      });
      if (place === undefined) return overloaded;
      const verdict = examine(stopped.signal).then((found) => store(key, found));
      const examined = Promise.race([verdict, evicted]).finally(() => {
        place.release();
        running.delete(key);
      });
      running.set(key, examined);
      return examined;
    },
  };
}

function isCurrent({ verdict, until }: CachedVerdict): boolean {
  const { expiresAt = Infinity } = verdict as Partial<Auth>;
  return performance.now() < until && Date.now() < expiresAt;
}

const overloaded: Unauthorized = {
  status: 503,
  message: "too many credentials are being checked at the moment; try again later",
};

async function hashOf(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return String.fromCharCode(...bytes);
}
