/** Tokens that were found good, at a time. */
const most = 10_000;

export interface TokenCache<T extends object> {
  /** What is known of a token, or what `examine` finds out; only what is no refusal is kept. */
  get<R extends object>(token: string, examine: () => Promise<T | R>, keptUntil: (found: T) => number): Promise<T | R>;
}

/** Keeps what was found out about tokens, by their hash: the tokens themselves are not kept. */
export function createTokenCache<T extends object>(): TokenCache<T> {
  const known = new Map<string, { readonly found: T; readonly until: number }>();
  const running = new Map<string, Promise<unknown>>();
  return {
    async get(token, examine, keptUntil) {
      const key = await hashOf(token);
      const entry = known.get(key);
      if (entry !== undefined && entry.until > Date.now()) return entry.found;
      known.delete(key);
      let examined = running.get(key) as ReturnType<typeof examine> | undefined;
      if (examined === undefined) {
        examined = examine().finally(() => running.delete(key));
        running.set(key, examined);
        examined.then(
          (found) => {
            if ("status" in found) return;
            if (known.size >= most) known.delete(known.keys().next().value!);
            known.set(key, { found: found as T, until: keptUntil(found as T) });
          },
          () => {},
        );
      }
      return examined;
    },
  };
}

async function hashOf(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return String.fromCharCode(...bytes);
}
