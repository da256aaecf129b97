import { createScript, pause, refusedMs, storeAway, type RedisConnection } from "./connection.js";
import { createWaitingRoom, type WaitingLimits } from "./waiting-room.js";
import { watch } from "./watch.js";

/**
 * Logs that replicas follow, such as those of changes and of messages. A log is a stream in Redis, with a maximum
 * length. A message on the channel of the same name only wakes the followers, which read on from their position, so a
 * lost message loses nothing. Entries of one origin have rising numbers: an append that is repeated after a broken
 * connection may be in the log twice, and followers skip its second copy.
 *
 * Each read extends the life of the log, and gives an empty one an entry without data. So a position is always that of
 * an entry, and if that entry is gone, later ones may be gone, too.
 */

/** The limits of a log. */
export interface LogLimits {
  /** The approximate number of entries, and their bytes, after which the oldest ones are dropped. */
  readonly maxLength: number;
  readonly maxBytes: number;
  /** The lifetime of the log after its last use. */
  readonly lifetimeMs: number;
  /** The limits of what waits for the store. */
  readonly waiting: WaitingLimits;
}

export interface LogEntry {
  /** The position in the log. */
  readonly id: string;
  /** The replica that appended the entry, and the entry's number among those of that replica. */
  readonly origin: string;
  readonly number: number;
  readonly data: string;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** The position after the entries. */
  readonly position: string;
  /** Whether entries after the former position may be gone. */
  readonly isTrimmed: boolean;
}

export interface LogWriter {
  /**
   * Appends an entry. Entries keep their order, and are sent again until the store has them, or the writer is closed.
   * Rejects at once if too many entries wait, in all or of this caller.
   */
  append(data: string, options?: AppendOptions): Promise<void>;
  /** Drops the entries that wait. */
  close(): void;
}

export interface AppendOptions {
  /** An equal entry that still waits stands for both, which have one promise. */
  readonly joins?: boolean;
  /** The caller that has caused the entry, if any. */
  readonly caller?: string | undefined;
}

export interface Follower {
  /** The position of the last entry that was read. */
  readonly position: string;
  stop(): void;
}

export interface FollowOptions {
  /** The lifetime of the log after its last use. */
  readonly lifetimeMs: number;
  /** Takes each entry once, in the order of the log. */
  readonly deliver: (entry: LogEntry) => void;
  /** Whether writers may append an entry twice, so that numbers decide which one counts. Default: true. */
  readonly repeats?: boolean;
  /** Called after entries up to a position are delivered. */
  readonly onRead?: (position: string) => Promise<unknown>;
  /** Called when entries are lost, because the log was trimmed or the store lost its data. Later ones wait for it. */
  readonly onLoss?: () => void | Promise<void>;
}

/** The maximum number of entries in one append, and in one read. */
const batchLength = 128;
/** Interval at which followers read without being woken. */
const pollMs = 2000;
/** The number of origins whose last number a reader remembers. */
const maxOrigins = 1000;

/** The bytes of an entry besides its data. */
const entryBytes = 128;

/**
 * Appends entries to a log, drops the oldest ones that are too many, and wakes the followers. Each entry has the bytes
 * of the log up to its end. Returns the position of the last entry.
 */
const append = createScript(`
local function bytesUpTo(entry) return entry and tonumber(entry[2][8] or "") or 0 end
local bytes = bytesUpTo(redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)[1])
local id
for i = 5, #ARGV, 2 do
  bytes = bytes + #ARGV[i + 1] + ${entryBytes}
  local sum = string.format("%.0f", bytes)
  id = redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[1], "*", "o", ARGV[4], "n", ARGV[i], "d", ARGV[i + 1], "b", sum)
end
local first = redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", 1)[1]
while first[1] ~= id and bytes - bytesUpTo(first) > tonumber(ARGV[2]) do
  redis.call("XDEL", KEYS[1], first[1])
  first = redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", 1)[1]
end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("PUBLISH", KEYS[1], id)
return id`);

/**
 * Reads entries from a position on. If there are none, reads the last entry of the log. An empty log gets an entry
 * first. Writes as little as it can, since every write goes to the disk of a Redis that keeps its data.
 */
const read = createScript(`
local page = redis.call("XRANGE", KEYS[1], ARGV[1], "+", "COUNT", ARGV[2])
if #page == 0 then
  if redis.call("XLEN", KEYS[1]) == 0 then redis.call("XADD", KEYS[1], "*", "o", "") end
  page = redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)
end
if redis.call("PTTL", KEYS[1]) < 0.9 * ARGV[3] then redis.call("PEXPIRE", KEYS[1], ARGV[3]) end
return page`);

/** Removes all entries. The next read of each follower finds a loss. */
const clear = createScript(`
redis.call("XTRIM", KEYS[1], "MAXLEN", "0")
return redis.call("PUBLISH", KEYS[1], "")`);

interface WaitingEntry {
  readonly number: number;
  readonly data: string;
  /** Whether the log may have the entry already, so that followers skip a later one with its number. */
  isSent: boolean;
  readonly appended: Promise<void>;
  readonly leave: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

let count = 0;

/** Creates the writer of a log. `origin` is the name of this replica. */
export function createLogWriter(
  connection: RedisConnection,
  origin: string,
  key: string,
  { maxLength, maxBytes, lifetimeMs, waiting: waitingLimits }: LogLimits,
): LogWriter {
  const room = createWaitingRoom(waitingLimits);
  let waiting: WaitingEntry[] = [];
  let isSending = false;
  let isClosed = false;
  let stopListening: (() => void) | undefined;

  async function flush(): Promise<void> {
    if (isSending) return;
    isSending = true;
    while (waiting.length > 0 && connection.available) {
      const batch = waiting.slice(0, batchLength);
      for (const entry of batch) entry.isSent = true;
      try {
        const entries = batch.flatMap(({ number, data }) => [String(number), data]);
        const limits = [maxLength, maxBytes, lifetimeMs].map(String);
        await connection.run(append, [key], [...limits, origin, ...entries]);
        if (isClosed) return;
        for (const { leave, resolve } of batch) {
          leave();
          resolve();
        }
        waiting = waiting.slice(batch.length);
      } catch {
        // Redis may be full, or another command may hold its name.
        if (connection.available) await pause(refusedMs);
      }
    }
    isSending = false;
    if (waiting.length > 0 && !isClosed) stopListening ??= connection.onAvailable(() => void flush());
    else stopListening = stopListening?.() as undefined;
  }

  return {
    append(data, { joins = false, caller } = {}) {
      const same = joins ? waiting.find((entry) => !entry.isSent && entry.data === data) : undefined;
      if (same !== undefined) return same.appended;
      let leave: () => void;
      try {
        if (isClosed) throw storeAway();
        leave = room.enter(data.length, caller);
      } catch (error) {
        return Promise.reject(error as Error);
      }
      let resolve!: () => void;
      let reject!: (error: unknown) => void;
      const appended = new Promise<void>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
      });
      count += 1;
      waiting.push({ number: count, data, isSent: false, appended, leave, resolve, reject });
      // Entries of the same turn are sent together.
      if (!isSending) queueMicrotask(() => void flush());
      return appended;
    },
    close() {
      isClosed = true;
      for (const { reject } of waiting) reject(storeAway());
      waiting = [];
      stopListening?.();
    },
  };
}

/** Returns a function that recognizes second copies of entries: the numbers of each origin rise. */
export function createCopyCheck(): (entry: LogEntry) => boolean {
  const numbers = new Map<string, number>();
  return ({ origin, number }) => {
    if (number <= (numbers.get(origin) ?? 0)) return true;
    numbers.delete(origin);
    numbers.set(origin, number);
    if (numbers.size > maxOrigins) numbers.delete(numbers.keys().next().value!);
    return false;
  };
}

/** Reads a page of a log after a position, without the entries that `isCopy` recognizes. */
export async function readLog(
  connection: RedisConnection,
  key: string,
  lifetimeMs: number,
  after: string,
  isCopy: (entry: LogEntry) => boolean = () => false,
): Promise<LogPage> {
  // The entry at the position is read as well: if it is gone, later ones may be gone, too.
  const all = parseEntries(await connection.run(read, [key], [after, String(batchLength + 1), String(lifetimeMs)]));
  const isTrimmed = all[0]?.id !== after;
  const entries = all.filter((entry) => !isCopy(entry) && entry.id !== after);
  return { entries, position: all.at(-1)?.id ?? after, isTrimmed };
}

/** Makes followers of a log take what they have not read yet for lost. */
export async function clearLog(connection: RedisConnection, key: string): Promise<void> {
  await connection.run(clear, [key], []);
}

/** The position before all entries, and the one after them. */
export const start = "0-0";
const end = "+";

/** Parses the reply of a read. Entries that another program has written, in other forms, are skipped. */
export function parseEntries(reply: unknown): LogEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown): LogEntry[] => {
    if (!Array.isArray(entry) || !isPosition(entry[0]) || !Array.isArray(entry[1])) return [];
    const fields = entry[1] as unknown[];
    const field = (name: string): unknown => {
      const at = fields.findIndex((key, index) => index % 2 === 0 && key === name);
      return at === -1 ? undefined : fields[at + 1];
    };
    const [origin, number, data] = [field("o"), Number(field("n")), field("d")];
    const isOwn = typeof origin === "string" && Number.isSafeInteger(number) && typeof data === "string";
    return [isOwn ? { id: entry[0], origin, number, data } : { id: entry[0], origin: "", number: 0, data: "" }];
  });
}

export function isPosition(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,15}-\d{1,15}$/.test(value);
}

/** Follows a log until it is stopped. Resolves when the position is known, or the store is away. */
export async function followLog(connection: RedisConnection, key: string, options: FollowOptions): Promise<Follower> {
  const { lifetimeMs, deliver, onLoss = () => {}, repeats = true, onRead } = options;
  const isCopy = createCopyCheck();
  let position: string | undefined;
  let isLate = false;
  let isStopped = false;

  function take(entry: LogEntry): void {
    position = entry.id;
    if (repeats ? !isCopy(entry) : entry.origin !== "") deliver(entry);
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const page = await readLog(connection, key, lifetimeMs, position ?? end);
      if (isStopped) return;
      const isLoss = position === undefined ? isLate : page.isTrimmed;
      const entries = position === undefined ? [] : page.entries;
      // Everything up to the end of the page counts as changed.
      if (isLoss || position === undefined) position = page.position;
      if (isLoss) await onLoss();
      if (isStopped) return;
      for (const entry of entries) take(entry);
      if (entries.length > 0) await onRead?.(position);
      if (entries.length < batchLength) return;
    }
  }

  const watching = watch(connection, key, pollMs, readOn);
  await watching.begun;
  isLate = position === undefined;
  return {
    get position() {
      return position ?? start;
    },
    stop() {
      isStopped = true;
      watching.stop();
    },
  };
}
