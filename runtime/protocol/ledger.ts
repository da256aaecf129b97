/** Something that is kept beyond the message that caused it. */
export interface Item {
  /** Items of one kind share a bound of places. */
  readonly kind: string;
  /** Places of the kind, of all callers together. */
  readonly most: number;
  readonly caller: string;
  /** Idle items make room before those in use; absent: always in use. */
  readonly isIdle?: () => boolean;
}

/** The place of an item, and its bytes. */
export interface Booking {
  readonly bytes: number;
  /** Gives the item up: called when another caller has more right to the room. It is booked no longer then. */
  evict: () => void;
  /** Returns false, and changes nothing, where there is no room. */
  resize(bytes: number): boolean;
  /** Marks the item as used now. */
  touch(): void;
  release(): void;
}

/**
 * Books all that a server keeps, by the caller who caused it. When all is taken, the caller who holds most loses its oldest item,
 * idle ones first; nobody loses anything to a caller who holds more. So a single caller may use everything, as long as
 * no other needs it.
 */
export interface Ledger {
  /** Books a place, and bytes; `undefined` where there is no room. */
  book(item: Item, evict: () => void, bytes?: number): Booking | undefined;
  /** Items of a kind, of all kinds without one. */
  count(kind?: string): number;
  readonly bytes: number;
}

/** In bytes: what a process with a heap of 256 MB can hold beside its own work. */
export const defaultKeptBytes = 64 * 1024 * 1024;

interface Account {
  /** In the order of their last use. */
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

/** Something that runs out: places of one kind, or bytes. */
interface Measure {
  readonly most: number;
  readonly taken: () => number;
  readonly heldBy: (account: Account) => number;
  /** Whether to give this item up makes room. */
  readonly frees: (entry: Entry) => boolean;
}

export function createLedger(maxBytes: number): Ledger {
  const accounts = new Map<string, Account>();
  const places = new Map<string, number>();
  const bytes: Measure = {
    most: maxBytes,
    taken: () => total,
    heldBy: (account) => account.bytes,
    // Many small items would have to go for one large one.
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
      // Making room may have taken this account's last item, and so the account.
      accounts.set(item.caller, account);
      account.entries.add(entry);
      add(entry, 1, size);
      return entry;
    },
    count(kind) {
      if (kind !== undefined) return places.get(kind) ?? 0;
      return [...places.values()].reduce((sum, count) => sum + count, 0);
    },
    get bytes() {
      return total;
    },
  };
}

/** The booking of a long message, for what goes on beyond it; the other leaves no booking behind. */
export function takeBody(source: { body?: Booking | undefined } | undefined): Booking | undefined {
  const body = source?.body;
  if (body !== undefined) source!.body = undefined;
  return body;
}

/** Bytes of the heap that a JSON value takes at the most. */
export function weightOf(value: unknown): number {
  let weight = 0;
  // A list in place of recursion: clients may nest as deep as they like.
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (typeof one === "string") weight += 32 + 2 * one.length;
    else if (Array.isArray(one)) {
      weight += 48 + 24 * one.length;
      for (const member of one) if (isSizeable(member)) waiting.push(member);
    } else if (typeof one === "object" && one !== null) {
      weight += 64;
      // A list of the names would take twice the time.
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

/** A text of its own: a part of a text keeps the whole in memory. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : (JSON.parse(JSON.stringify(text.slice(0, most))) as string);
}
