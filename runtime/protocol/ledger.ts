/** An item of state that outlives the message that caused it. */
export interface Item {
  /** The kind of the item. Items of a kind share a maximum number. */
  readonly kind: string;
  /** The maximum number of items of the kind, of all callers together. */
  readonly most: number;
  readonly caller: string;
  /** Returns whether the item is idle. Idle items are evicted first. Default: never idle. */
  readonly isIdle?: () => boolean;
}

/** The booking of an item, with its bytes. */
export interface Booking {
  readonly bytes: number;
  /** Drops the item. Called after another caller got its place. */
  evict: () => void;
  /** Changes the bytes. Returns false, without a change, if there is no room. */
  resize(bytes: number): boolean;
  /** Marks the item as just used. */
  touch(): void;
  release(): void;
}

/**
 * Accounts for all state that outlives a message, by caller. When it is full, the caller with the most loses its
 * oldest item, idle ones first. No item is evicted for a caller with more. So a single caller may use everything until
 * others need it.
 */
export interface Ledger {
  /** Books a place and bytes; returns `undefined` if there is no room. */
  book(item: Item, evict: () => void, bytes?: number): Booking | undefined;
  /** Returns the number of items of each kind so far. */
  places(): ReadonlyMap<string, number>;
  /** Returns the number of items of a kind, or of all kinds. */
  count(kind?: string): number;
  readonly bytes: number;
}

/** Default limit in bytes: the amount that fits beside the work of a process with a heap of 256 MB. */
export const defaultKeptBytes = 64 * 1024 * 1024;

interface Account {
  /** Entries, least recently used first. */
  readonly entries: Set<Entry>;
  readonly places: Map<string, number>;
  bytes: number;
}

interface Entry extends Booking {
  bytes: number;
  readonly item: Item;
  readonly account: Account;
  lastUse: number;
}

/** A limited quantity: places of one kind, or bytes. */
interface Measure {
  readonly most: number;
  readonly taken: () => number;
  readonly heldBy: (account: Account) => number;
  /** Returns whether evicting the entry makes room. */
  readonly frees: (entry: Entry) => boolean;
}

export function createLedger(maxBytes: number): Ledger {
  const accounts = new Map<string, Account>();
  const places = new Map<string, number>();
  const bytes: Measure = {
    most: maxBytes,
    taken: () => total,
    heldBy: (account) => account.bytes,
    // An item must be large enough: otherwise many small items would be evicted for a large one.
    frees: (entry) => entry.bytes > 0 && entry.bytes * entry.account.entries.size >= entry.account.bytes,
  };
  let total = 0;
  let uses = 0;

  function placesOf({ kind, most }: Item): Measure {
    return {
      most,
      taken: () => places.get(kind) ?? 0,
      heldBy: (account) => account.places.get(kind) ?? 0,
      frees: (entry) => entry.item.kind === kind,
    };
  }

  function makeRoom(account: Account, measure: Measure, more: number, keep?: Entry): boolean {
    while (measure.taken() + more > measure.most) {
      const entry = more > measure.most ? undefined : leastNeeded(account, measure, more, keep);
      if (entry === undefined) return false;
      remove(entry);
      entry.evict();
    }
    return true;
  }

  function leastNeeded(account: Account, measure: Measure, more: number, keep?: Entry): Entry | undefined {
    const wanted = measure.heldBy(account) + more;
    let most = 0;
    for (const other of accounts.values()) most = Math.max(most, measure.heldBy(other));
    const heaviest = (isIdle: boolean): Entry | undefined => {
      let oldest: Entry | undefined;
      for (const other of accounts.values()) {
        const found = measure.heldBy(other) === most ? oldestOf(other, measure, isIdle, keep) : undefined;
        if (found !== undefined && found.lastUse < (oldest?.lastUse ?? Infinity)) oldest = found;
      }
      return oldest;
    };
    if (most > wanted) return heaviest(true) ?? heaviest(false);
    return oldestOf(account, measure, true, keep) ?? (most === wanted ? heaviest(true) : undefined);
  }

  function oldestOf(account: Account, measure: Measure, isIdle: boolean, keep?: Entry): Entry | undefined {
    for (const entry of account.entries)
      if (entry !== keep && measure.frees(entry) && (!isIdle || entry.item.isIdle?.() === true)) return entry;
    return undefined;
  }

  function add(entry: Entry, count: 1 | -1, by: number): void {
    const { account, item } = entry;
    const { kind } = item;
    places.set(kind, (places.get(kind) ?? 0) + count);
    account.places.set(kind, (account.places.get(kind) ?? 0) + count);
    weigh(entry, by);
  }

  function weigh(entry: Entry, by: number): void {
    entry.bytes += by;
    entry.account.bytes += by;
    total += by;
  }

  function remove(entry: Entry): void {
    const { account, item } = entry;
    if (!account.entries.delete(entry)) return;
    add(entry, -1, -entry.bytes);
    if (account.entries.size === 0) accounts.delete(item.caller);
  }

  return {
    book(item, evict, size = 0) {
      const account = accounts.get(item.caller) ?? { entries: new Set(), places: new Map(), bytes: 0 };
      if (!makeRoom(account, placesOf(item), 1) || !makeRoom(account, bytes, size)) return undefined;
      const entry: Entry = {
        ...{ item, account, evict, bytes: 0, lastUse: (uses += 1) },
        resize(size) {
          const more = size - entry.bytes;
          if (!account.entries.has(entry) || (more > 0 && !makeRoom(account, bytes, more, entry))) return false;
          weigh(entry, more);
          return true;
        },
        touch() {
          if (!account.entries.delete(entry)) return;
          account.entries.add(entry);
          entry.lastUse = uses += 1;
        },
        release: () => remove(entry),
      };
      // Making room may have evicted the account's last item, and so removed the account.
      accounts.set(item.caller, account);
      account.entries.add(entry);
      add(entry, 1, size);
      return entry;
    },
    places: () => places,
    count(kind) {
      if (kind !== undefined) return places.get(kind) ?? 0;
      return [...places.values()].reduce((sum, count) => sum + count, 0);
    },
    get bytes() {
      return total;
    },
  };
}

/** Takes over the booking of a long message, for code that outlives the message. */
export function takeBody(source: { body?: Booking | undefined } | undefined): Booking | undefined {
  const body = source?.body;
  if (body !== undefined) source!.body = undefined;
  return body;
}

/** Returns the maximum number of heap bytes that a JSON value takes. */
export function weightOf(value: unknown): number {
  let weight = 0;
  // A list instead of recursion, since clients may nest deeply.
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one === "string") weight += 32 + 2 * one.length;
    else if (Array.isArray(one)) {
      weight += 48 + 24 * one.length;
      for (const member of one) if (isSizeable(member)) waiting.push(member);
    } else if (typeof one === "object" && one !== null) {
      weight += 64;
      // Listing the names first would take twice the time.
      for (const key in one) {
        weight += 64 + 2 * key.length;
        const member = (one as Record<string, unknown>)[key];
        if (isSizeable(member)) waiting.push(member);
      }
    }
  }
  return weight;
}

function isSizeable(value: unknown): boolean {
  return typeof value === "string" || typeof value === "object";
}

/** Copies the beginning of a text. A plain slice would keep the whole text in memory. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : (JSON.parse(JSON.stringify(text.slice(0, most))) as string);
}
