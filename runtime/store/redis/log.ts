import { createScript, storeAway, unref, type RedisConnection } from "./connection.js";

/**
 * Logs: the one way in which replicas tell each other something. A log is a stream in Redis, with a maximum length and
 * a lifetime. A message on the channel of the same name only wakes the followers, which read on from their position, so
 * a lost message loses nothing. Entries of one origin have rising numbers: an append that is repeated after a broken
 * connection may be in the log twice, and followers skip its second copy.
 */

/** The limits of a log. */
export interface LogLimits {
  /** The approximate number of entries, and their bytes, after which the oldest ones are dropped. */
  readonly maxLength: number;
  readonly maxBytes: number;
  /** The lifetime of the log after its last entry. */
  readonly lifetimeMs: number;
}

export interface LogEntry {
  /** The position in the log. */
  readonly id: string;
  /** The replica that appended the entry. */
  readonly origin: string;
  readonly data: string;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Whether the log has had more entries after the position than it still has. */
  readonly isTrimmed: boolean;
}

export interface LogWriter {
  /**
   * Appends an entry. Entries keep their order, and are sent again until the store has them, or the writer is closed.
   * With `joins`, an equal entry that still waits stands for both. Rejects at once if too many entries wait.
   */
  append(data: string, joins?: boolean): Promise<void>;
  /** Drops the entries that wait. */
  close(): void;
}

export interface Follower {
  /** The position of the last entry that was read. */
  readonly position: string;
  stop(): void;
}

export interface FollowOptions {
  /** The position to read on from. Default: the end of the log at the start. */
  readonly from?: string;
  /** Takes each entry once, in the order of the log. */
  readonly deliver: (entry: LogEntry) => void;
  /** Whether writers may append an entry twice, so that numbers decide which one counts. Default: true. */
  readonly repeats?: boolean;
  /** Called after entries up to a position are delivered. */
  readonly onRead?: (position: string) => Promise<unknown>;
  /** Called when entries are lost, because the log was trimmed or the store lost its data. */
  readonly onLoss?: () => void;
}

/** The maximum number and size of entries that wait for the store, per log. */
const waitingLimits = { entries: 1024, characters: 4 * 1024 * 1024 };
/** The maximum number of entries in one append, and in one read. */
const batchLength = 128;
/** Interval at which followers read without being woken, because a cluster may lose messages unnoticed. */
const pollMs = 2000;
/** The number of origins whose last number a follower remembers. */
const maxOrigins = 1000;
/** Delay after a refused append. */
const refusedMs = 1000;

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

interface WaitingEntry {
  readonly number: number;
  readonly data: string;
  readonly appended: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

let count = 0;

/** Creates the writer of a log. `origin` is the name of this replica. */
export function createLogWriter(
  connection: RedisConnection,
  origin: string,
  key: string,
  { maxLength, maxBytes, lifetimeMs }: LogLimits,
): LogWriter {
  let waiting: WaitingEntry[] = [];
  let size = 0;
  let sent = 0;
  let isSending = false;
  let isClosed = false;
  let stopListening: (() => void) | undefined;

  async function flush(): Promise<void> {
    if (isSending) return;
    isSending = true;
    while (waiting.length > 0 && connection.available) {
      const batch = waiting.slice(0, batchLength);
      sent = batch.length;
      try {
        const entries = batch.flatMap(({ number, data }) => [String(number), data]);
        const limits = [maxLength, maxBytes, lifetimeMs].map(String);
        await connection.run(append, [key], [...limits, origin, ...entries]);
        if (isClosed) return;
        for (const { data, resolve } of batch) {
          size -= data.length;
          resolve();
        }
        waiting = waiting.slice(batch.length);
      } catch {
        // Redis may be full, or another command may hold its name.
        if (connection.available) await new Promise((resolve) => unref(setTimeout(resolve, refusedMs)));
      }
      sent = 0;
    }
    isSending = false;
    if (waiting.length > 0 && !isClosed) stopListening ??= connection.onAvailable(() => void flush());
    else stopListening = stopListening?.() as undefined;
  }

  return {
    append(data, joins = false) {
      const same = joins ? waiting.slice(sent).find((entry) => entry.data === data) : undefined;
      if (same !== undefined) return same.appended;
      if (isClosed || waiting.length >= waitingLimits.entries || size + data.length > waitingLimits.characters)
        return Promise.reject(storeAway("too much waits for the store"));
      let resolve!: () => void;
      let reject!: (error: unknown) => void;
      const appended = new Promise<void>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
      });
      count += 1;
      waiting.push({ number: count, data, appended, resolve, reject });
      size += data.length;
      // Entries of the same turn are sent together.
      if (!isSending) queueMicrotask(() => void flush());
      return appended;
    },
    close() {
      isClosed = true;
      for (const { reject } of waiting) reject(storeAway());
      waiting = [];
      size = 0;
      stopListening?.();
    },
  };
}

/** Reads a page of a log after a position. */
export async function readLog(connection: RedisConnection, key: string, after: string): Promise<LogPage> {
  // The entry at the position is read as well: if it is gone, later ones may be gone, too.
  const reply = await connection.send(key, "XRANGE", key, after, "+", "COUNT", String(batchLength + 1));
  const all = parseEntries(reply);
  const isTrimmed = after !== start && all[0]?.id !== after;
  return { entries: isTrimmed ? all : all.filter(({ id }) => id !== after), isTrimmed };
}

/** The position before all entries. */
export const start = "0-0";

/** Returns the position of the last entry. */
export async function endOfLog(connection: RedisConnection, key: string): Promise<string> {
  const [last] = parseEntries(await connection.send(key, "XREVRANGE", key, "+", "-", "COUNT", "1"));
  return last?.id ?? start;
}

interface NumberedEntry extends LogEntry {
  readonly number: number;
}

/** Parses the reply of a read. Entries that another program has written, in other forms, are skipped. */
export function parseEntries(reply: unknown): NumberedEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown): NumberedEntry[] => {
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
  return typeof value === "string" && /^\d{1,20}-\d{1,20}$/.test(value);
}

/** Follows a log until it is stopped. Resolves when the position is known, or the store is away. */
export async function followLog(connection: RedisConnection, key: string, options: FollowOptions): Promise<Follower> {
  const { deliver, onLoss = () => {}, repeats = true, onRead } = options;
  const numbers = new Map<string, number>();
  let position = options.from;
  /** The connection of the last read. */
  let connectedAt = connection.since;
  let isLate = false;
  let isStopped = false;
  let isReading = false;
  let isWoken = false;

  /** Delivers an entry, unless it is the second copy of an earlier one. */
  function take({ number, ...entry }: NumberedEntry): void {
    position = entry.id;
    if (!repeats) return entry.origin === "" ? undefined : deliver(entry);
    if (number <= (numbers.get(entry.origin) ?? 0)) return;
    numbers.delete(entry.origin);
    numbers.set(entry.origin, number);
    if (numbers.size > maxOrigins) numbers.delete(numbers.keys().next().value!);
    deliver(entry);
  }

  async function readOn(): Promise<void> {
    if (position === undefined) {
      position = await endOfLog(connection, key);
      if (isLate) onLoss();
    }
    for (;;) {
      const { entries, isTrimmed } = (await readLog(connection, key, position)) as {
        entries: NumberedEntry[];
        isTrimmed: boolean;
      };
      if (isStopped) return;
      if (isTrimmed) {
        // A quiet log expires; then nothing is lost, unless the store was away.
        if (entries.length > 0 || connectedAt !== connection.since) onLoss();
        if (entries.length === 0) position = await endOfLog(connection, key);
      }
      connectedAt = connection.since;
      for (const entry of entries) take(entry);
      if (entries.length > 0) await onRead?.(position);
      if (entries.length < batchLength) return;
    }
  }

  async function read(): Promise<void> {
    isWoken = true;
    if (isReading) return;
    isReading = true;
    while (isWoken && !isStopped && connection.available) {
      isWoken = false;
      try {
        await readOn();
      } catch {
        // The next reconnect, message or interval reads on.
        break;
      }
    }
    isReading = false;
  }

  const wake = (): void => void read();
  const stops = [connection.subscribe(key, wake), connection.onAvailable(wake)];
  const timer = setInterval(wake, pollMs);
  unref(timer);
  await read();
  isLate = position === undefined;
  return {
    get position() {
      return position ?? start;
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
      for (const stop of stops) stop();
    },
  };
}
