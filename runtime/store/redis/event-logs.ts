import type { EventLogs, EventLogWriter, EventReader } from "../../protocol/store.js";
import { isObject } from "../../protocol/json-rpc.js";
import { createScript, pause, refusedMs } from "./connection.js";
import type { StoreContext } from "./context.js";
import { watch } from "./watch.js";

/**
 * Logs of events of one stream each, which one replica writes and others follow. The number of an event is its
 * position, so Redis itself refuses the second copy of an append that is repeated after a broken connection.
 */

/**
 * Lifetime of a log after its last event: while its stream runs, after its answer, and after an end without one, which
 * only those need that follow it already.
 */
const [runningMs, answeredMs, endedMs] = [2 * 60 * 60_000, 5 * 60_000, 30_000];
/** Time that a follower waits for a log that the writer may not have opened yet. */
const openingMs = 3000;
/** Interval at which a follower looks whether the writer lives. */
const pollMs = 1000;
/** The position of the description of a stream. */
const opening = "0-1";
const pageLength = 64;
const maxBatch = 64;

/** Appends triples of position, field and value. */
const append = createScript(`
for i = 2, #ARGV, 3 do
  local reply = redis.pcall("XADD", KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i + 2])
  if type(reply) == "table" and reply.err and not string.find(reply.err, "equal or smaller") then return reply end
end
redis.call("PEXPIRE", KEYS[1], ARGV[1])
redis.call("PUBLISH", KEYS[1], "")
return 1`);

/** The fields of entries: the description of the stream, an event, its last event, and its end. */
type Field = "m" | "d" | "a" | "e";

interface WaitingEntry {
  readonly number: number;
  readonly position: string;
  readonly field: Field;
  readonly data: string | Promise<string>;
}

export function createEventLogs({ connection, replicas, key }: StoreContext): EventLogs {
  function open(name: string, description: string | Promise<string>): EventLogWriter {
    const log = key("events", name);
    let waiting: WaitingEntry[] = [{ number: 0, position: opening, field: "m", data: description }];
    let last = 0;
    let lifetimeMs = runningMs;
    let isSending = false;
    let isDropped = false;
    let stopListening: (() => void) | undefined;
    const hasEnded = (): boolean => lifetimeMs !== runningMs;

    async function flush(): Promise<void> {
      if (isSending) return;
      isSending = true;
      while (waiting.length > 0 && connection.available) {
        const batch = waiting.slice(0, maxBatch);
        try {
          const entries: string[] = [];
          for (const { position, field, data } of batch) entries.push(position, field, await data);
          await connection.run(append, [log], [String(lifetimeMs), ...entries]);
          waiting = waiting.filter((entry) => !batch.includes(entry));
        } catch {
          if (connection.available) await pause(refusedMs);
        }
      }
      isSending = false;
      stopListening = stopListening?.() as undefined;
      if (isDropped) remove();
      else if (waiting.length > 0) stopListening = connection.onAvailable(() => void flush());
    }

    function add(number: number, position: string, field: Field, data: string): void {
      if (isDropped || hasEnded()) return;
      if (field === "a") lifetimeMs = answeredMs;
      if (field === "e") lifetimeMs = endedMs;
      waiting.push({ number, position, field, data });
      // Events of the same turn are sent together.
      if (!isSending) queueMicrotask(() => void flush());
    }

    function drop(): void {
      if (isDropped) return;
      isDropped = true;
      waiting = [];
      stopListening?.();
      if (!isSending) remove();
    }

    /** The lifetime of the log removes it if this fails. */
    function remove(): void {
      connection.send(log, "UNLINK", log).catch(() => {});
    }

    return {
      append(number, data, isLast) {
        last = number;
        add(number, `${number}-0`, isLast ? "a" : "d", data);
      },
      end: () => add(last, `${last}-2`, "e", ""),
      forget(number) {
        if (hasEnded() && number === last) return drop();
        const before = waiting.length;
        waiting = waiting.filter((entry) => entry.number !== number || entry.field === "m" || entry.field === "e");
        if (waiting.length === before || isSending) connection.send(log, "XDEL", log, `${number}-0`).catch(() => {});
      },
      drop,
    };
  }

  function follow(name: string, writer: string, after: number, reader: EventReader): () => void {
    const log = key("events", name);
    const begun = performance.now();
    let position = after === 0 ? opening : `${after}-0`;
    let isOpen = false;
    let isStopped = false;

    function stop(): void {
      isStopped = true;
      watching.stop();
    }

    /** Reads what there is. Returns whether the log exists. */
    async function readOn(): Promise<boolean> {
      if (!isOpen) {
        const [first] = parseEvents(await connection.send(log, "XRANGE", log, opening, opening));
        if (first === undefined || isStopped) return false;
        if (first.field !== "m" || !reader.open(first.data)) {
          stop();
          reader.lost();
          return true;
        }
        isOpen = true;
      }
      for (;;) {
        const reply = await connection.send(log, "XRANGE", log, `(${position}`, "+", "COUNT", String(pageLength));
        const events = parseEvents(reply);
        for (const { id, field, data } of events) {
          if (isStopped) return true;
          position = id;
          if (field === "d" || field === "a") reader.event(Number(id.split("-")[0]), data, field === "a");
          if (field !== "a" && field !== "e") continue;
          stop();
          reader.end(field === "a");
          return true;
        }
        if (events.length < pageLength) return events.length > 0 || (await exists());
      }
    }

    async function exists(): Promise<boolean> {
      return Number(await connection.send(log, "EXISTS", log)) > 0;
    }

    async function check(isPoll: boolean): Promise<void> {
      // A dead writer may have appended its last events just before the check.
      const isAlive = !isPoll || (await replicas.isAlive(writer));
      const isFound = await readOn();
      if (isStopped) return;
      const isLost = isFound ? !isAlive : isOpen || !isAlive || performance.now() - begun > openingMs;
      if (!isLost) return;
      stop();
      reader.lost();
    }

    const watching = watch(connection, log, pollMs, check);
    return stop;
  }

  return { open, follow };
}

interface ReadEvent {
  readonly id: string;
  readonly field: string;
  readonly data: string;
}

/** Parses the reply of a read. Entries that another program has written, in other forms, are skipped. */
function parseEvents(reply: unknown): ReadEvent[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown): ReadEvent[] => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
    const [id, [field, data]] = entry as [unknown, unknown[]];
    if (typeof id !== "string" || typeof field !== "string" || typeof data !== "string") return [];
    // An event is one line.
    if (/[\r\n]/.test(data)) return [];
    return [{ id, field, data }];
  });
}

/** Parses the JSON object in an entry; returns `undefined` for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
