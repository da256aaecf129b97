import type { Unauthorized } from "../protocol/auth.js";
import type { Auth } from "../protocol/handlers.js";
import { createLedger } from "../protocol/ledger.js";

/** Tokens that are remembered at a time, of those that are good and of those that are not. */
const maxTokens = 10_000;
/** How long a token that was refused is refused unasked: it may become good. */
const refusedMs = 2000;

export interface TokenCacheOptions {
  /** How long a good token is remembered, unless it expires before. */
  readonly keptMs: number;
  /** Examinations at a time. */
  readonly maxExaminations: number;
}

/** Remembers what was found out about tokens. */
export interface TokenCache {
  /**
   * Returns the verdict on a token: a known one, that of an examination that is under way, or that of a new one. When all
   * places are taken, the caller with the most examinations loses its oldest one, whose signal aborts.
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

/** Keeps verdicts by the hash of their token: the tokens themselves are not kept. */
export function createTokenCache({ keptMs, maxExaminations }: TokenCacheOptions): TokenCache {
  // Refusals have a map of their own, so that bad tokens cannot drive out good ones.
  const good = new Map<string, CachedVerdict>();
  const bad = new Map<string, CachedVerdict>();
  const running = new Map<string, Promise<Auth | Unauthorized>>();
  // Examinations take places alone, no bytes.
  const places = createLedger(0);

  function find(known: Map<string, CachedVerdict>, key: string): Auth | Unauthorized | undefined {
    const entry = known.get(key);
    if (entry === undefined) return undefined;
    const { expiresAt = Infinity } = entry.verdict as Partial<Auth>;
    if (performance.now() < entry.until && Date.now() < expiresAt) return entry.verdict;
    known.delete(key);
    return undefined;
  }

  function store(key: string, verdict: Auth | Unauthorized): Auth | Unauthorized {
    const refused = "status" in verdict;
    // Any other refusal is one of the moment.
    if (refused && verdict.status !== 401) return verdict;
    const known = refused ? bad : good;
    if (known.size >= maxTokens) known.delete(known.keys().next().value!);
    known.set(key, { verdict, until: performance.now() + (refused ? refusedMs : keptMs) });
    return verdict;
  }

  return {
    async get(token, caller, examine) {
      const key = await hashOf(token);
      const known = find(good, key) ?? find(bad, key) ?? running.get(key);
      if (known !== undefined) return known;
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

const overloaded: Unauthorized = {
  status: 503,
  message: "too many credentials are being checked at the moment; try again later",
};

async function hashOf(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return String.fromCharCode(...bytes);
}
