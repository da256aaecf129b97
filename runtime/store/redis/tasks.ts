import type { Server } from "../../protocol/exchange.js";
import { fingerprint } from "../../protocol/fingerprint.js";
import { isObject } from "../../protocol/json-rpc.js";
import {
  isEnded,
  noRoom,
  taskBytes,
  type TaskHandle,
  type TaskRecord,
  type TaskRun,
  type TaskStore,
} from "../../protocol/task-record.js";
import { defaultTasks } from "../../protocol/tasks.js";
import { errorText, full, UnavailableError } from "../../protocol/errors.js";
import { invalidParams } from "../../protocol/results.js";
import type { JsonObject } from "../../protocol/types.js";
import { pause, refusedMs, storeAway, unref, within } from "./connection.js";
import type { StoreContext } from "./context.js";
import type { ReplicaMessage } from "./replicas.js";
import { formatHead, formatRecord, formatTask, openQuestions, parseTask, type StoredTask } from "./stored-task.js";
import { writeTask } from "./task-script.js";
import { watch } from "./watch.js";

/** The tasks of a server in Redis, and their start and end with the server. */
export interface RedisTasks extends TaskStore {
  start(server: Server): void;
  /**
   * Fails tasks without a run, also if no client asks for them: those of this replica, and those of replicas that have ended,
   * for which one replica looks at a time.
   */
  sweep(): Promise<void>;
  /** Writes what is not written yet, within a time limit. */
  stop(): Promise<void>;
}

/** A task of this replica. */
interface OwnTask {
  readonly run: TaskRun;
  /** Digests of the identity that may use the task, and of the caller that it is booked on. */
  readonly owner: string;
  readonly caller: string;
  /** The state that the store does not have yet. */
  next: { readonly record: TaskRecord; readonly onSaved: (record: TaskRecord) => void } | undefined;
  /** The state that the store has, unless it has lost its data. */
  saved: TaskRecord | undefined;
  isSaving: boolean;
  saving: Promise<void>;
  /** Whether the replica forgets the task once the store has its newest state. */
  isReleased: boolean;
}

/** Interval at which watchers read, because a replica may have ended. */
const pollMs = 2000;
/** Time after which a watched task that the store does not have counts as cancelled. */
const goneMs = 10_000;
/** Interval of sweeps. */
const sweepMs = 30_000;
/** The number of tasks that are compared with the store at a time. */
const restoreBatch = 64;
/** Time for the last writes of a server that stops. */
const lastWritesMs = 2000;
/** The time that a message for another replica waits for the store. */
const patienceMs = 5000;
/** The maximum characters of answers that are sent to another replica. */
const maxAnswerLength = 256 * 1024;

const idPattern = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Keeps tasks in Redis, so that any replica can answer for them. */
export function createTasks({ connection, replica, replicas, key, keptBytes }: StoreContext): RedisTasks {
  const own = new Map<string, OwnTask>();
  /** Messages that the replicas of other tasks have not acted on yet. */
  const sent = new Map<string, () => void>();
  const keyOf = (id: string): string => key("{tasks}", id);
  const index = key("{tasks}", "index");
  let maxTasks = defaultTasks;
  let stopListening = (): void => {};
  let isRestoring = false;
  let isRestoreDue = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  /**
   * Writes a task. Returns `ended` if the store has an end of it already, and `full` if there is no room. `isNew`
   * allows a task that the store does not have.
   */
  async function write(task: StoredTask, isNew: boolean): Promise<"written" | "ended" | "full"> {
    const { record, caller } = task;
    const restMs = record.createdAt + record.ttlMs - Date.now();
    if (restMs <= 0) return "ended";
    const numbers = [restMs, taskBytes, isEnded(record) ? 1 : 0, isNew ? 1 : 0, maxTasks, keptBytes()].map(String);
    const args = [formatTask(task), caller, task.replica, ...numbers];
    const reply = await connection.run(writeTask, [keyOf(record.id), index], args);
    const [outcome, ...evicted] = Array.isArray(reply) ? (reply as unknown[]).map(String) : [];
    for (let at = 0; at + 1 < evicted.length; at += 2) evict(evicted[at]!, evicted[at + 1]!);
    return outcome === "1" ? "written" : outcome === "0" ? "full" : "ended";
  }

  function evict(id: string, owner: string): void {
    const message = { kind: "task", do: "drop", id };
    if (owner === replica) take(message);
    // A task that its replica does not drop is found at the next write of its state.
    else replicas.send(owner, message).catch(() => {});
  }

  /** Takes a message of another replica for a task of this one. */
  function take({ do: action, id, responses, message }: JsonObject, from = replica): void {
    if (action === "done" && typeof message === "string") return sent.get(message)?.();
    const task = typeof id === "string" ? own.get(id) : undefined;
    if (action === "update" && isObject(responses)) task?.run.update(responses);
    if (action === "cancel") task?.run.cancel("the task was cancelled by the client");
    if (action === "drop" && task !== undefined) void drop(id as string, task);
    if (typeof message === "string") void confirm(from, message, task);
  }

  /** Tells the sender of a message that the store has its effect. */
  async function confirm(sender: string, message: string, task: OwnTask | undefined): Promise<void> {
    try {
      if (task !== undefined) await settled(task);
      await replicas.send(sender, { kind: "task", do: "done", message });
    } catch {
      // The sender refuses the request, and the client sends it again.
    }
  }

  /** Resolves once the store has the newest state of a task. */
  async function settled(task: OwnTask): Promise<void> {
    while (task.next !== undefined) {
      const { id } = task.next.record;
      if (own.get(id) !== task) return;
      if (!connection.available) throw storeAway();
      await save(id, task);
    }
  }

  /** Drops a task that the store has an end of, or no longer has. */
  async function drop(id: string, { run }: OwnTask, end?: TaskRecord): Promise<void> {
    own.delete(id);
    run.drop("the task has ended", end ?? (await load(id).catch(() => undefined))?.record);
  }

  /** Writes the newest state of a task until the store has it, or is away. */
  async function flush(id: string, task: OwnTask): Promise<void> {
    const { owner, caller } = task;
    task.isSaving = true;
    while (task.next !== undefined && connection.available && own.get(id) === task) {
      const { next } = task;
      let { record } = next;
      try {
        let outcome = await write({ record, replica, owner, caller }, true);
        if (outcome === "full") {
          record = { ...record, status: "failed", members: noRoom() };
          outcome = await write({ record, replica, owner, caller }, true);
        }
        if (task.next === next) task.next = undefined;
        if (outcome === "written" && record === next.record) {
          task.saved = record;
          next.onSaved(record);
          continue;
        }
        // There is no room, or another replica took this one for dead.
        await drop(id, task, outcome === "written" ? record : undefined);
      } catch {
        if (connection.available) await pause(refusedMs);
      }
    }
    task.isSaving = false;
    if (task.isReleased && task.next === undefined) own.delete(id);
  }

  function save(id: string, task: OwnTask): Promise<void> {
    if (!task.isSaving) task.saving = flush(id, task);
    return task.saving;
  }

  /** Writes what waits for the store, and what it has lost, or has in an older state, such as that of a snapshot. */
  async function restore(id: string): Promise<void> {
    const task = own.get(id);
    if (task?.saved === undefined) return;
    const { owner, caller } = task;
    const headOf = (record: TaskRecord): string => formatHead({ record, replica, owner, caller });
    const last = String(new TextEncoder().encode(headOf(task.saved)).length - 1);
    // A refused command is repeated by the next sweep.
    const kept = await connection.send(keyOf(id), "GETRANGE", keyOf(id), "0", last).catch(() => undefined);
    // The store may have taken a later state meanwhile.
    const record = task.saved;
    if (kept !== undefined && kept !== headOf(record)) task.next ??= { record, onSaved: () => {} };
    void save(id, task);
  }

  /** Restores some tasks at a time, because there may be many. */
  async function restoreAll(): Promise<void> {
    isRestoreDue = true;
    if (isRestoring) return;
    isRestoring = true;
    while (isRestoreDue) {
      isRestoreDue = false;
      const ids = [...own.keys()];
      while (ids.length > 0 && connection.available) await Promise.all(ids.splice(0, restoreBatch).map(restore));
    }
    isRestoring = false;
  }

  async function load(id: string): Promise<StoredTask | undefined> {
    return parseTask(id, await connection.send(keyOf(id), "GET", keyOf(id)));
  }

  /** Returns a task as the store has it. Fails a task whose replica has ended. */
  async function read(id: string): Promise<StoredTask | undefined> {
    const stored = await load(id);
    if (stored === undefined || isEnded(stored.record)) return stored;
    const isRunning = stored.replica === replica ? own.has(id) : await replicas.isAlive(stored.replica);
    if (isRunning) return stored;
    const record = { ...stored.record, updatedAt: Date.now(), status: "failed", members: lostRun } as const;
    const failed = { ...stored, record };
    const outcome = await write(failed, false);
    // A replica that was only slow must not go on.
    if (outcome === "written") evict(id, stored.replica);
    // Another replica was faster, or the run has ended after all.
    return outcome === "written" ? failed : load(id);
  }

  async function sweep(): Promise<void> {
    const lock = key("{tasks}", "sweep");
    const taken = await connection.send(lock, "SET", lock, replica, "NX", "PX", String(sweepMs - 1000));
    const fields = await connection.send(index, "HGETALL", index);
    // The creation of a task whose reply is lost leaves one that has no run.
    for (const [id, runner] of runningTasks(fields))
      if (!own.has(id) && (taken === "OK" || runner === replica)) await read(id);
  }

  function handleOf(stored: StoredTask): TaskHandle {
    const { record } = stored;
    const tell = async (message: JsonObject): Promise<void> => {
      if (isEnded(record)) return;
      if (!connection.available) throw storeAway();
      const number = crypto.randomUUID();
      const done = new Promise<void>((resolve) => sent.set(number, resolve));
      const text = { kind: "task", id: record.id, message: number, ...message } as ReplicaMessage;
      try {
        // Until the store has the effect, other replicas would answer as before.
        const sending = replicas.send(stored.replica, text, stored.caller);
        await within(patienceMs, Promise.all([sending, done]), "the task does not answer");
      } finally {
        sent.delete(number);
      }
    };
    return {
      record,
      update(responses) {
        const open = openQuestions(record);
        const answers = Object.entries(responses).filter(([name]) => open.has(name));
        if (answers.length === 0) return undefined;
        const message = { do: "update", responses: Object.fromEntries(answers) };
        if (JSON.stringify(message).length <= maxAnswerLength) return tell(message);
        return Promise.reject(invalidParams(`the answers have more than ${maxAnswerLength} characters`));
      },
      cancel: () => tell({ do: "cancel" }),
      watch: (watcher) => watchTask(stored, watcher),
    };
  }

  /** Reads a task whenever it changes, until its end. */
  function watchTask({ record }: StoredTask, watcher: (record: TaskRecord) => void): () => void {
    const { id } = record;
    let last = formatRecord(record);
    let isStopped = false;
    let goneSince: number | undefined;
    /** Returns the end of a task that the store does not have. A store that has lost its data gets the task again. */
    function gone(): TaskRecord | undefined {
      goneSince ??= performance.now();
      if (performance.now() - goneSince < goneMs) return undefined;
      return { ...record, updatedAt: Date.now(), status: "cancelled", members: "" };
    }
    async function look(): Promise<void> {
      const found = await read(id);
      if (isStopped) return;
      if (found !== undefined) goneSince = undefined;
      const changed = found === undefined ? gone() : found.record;
      const text = changed === undefined ? last : formatRecord(changed);
      if (text !== last) watcher(changed!);
      last = text;
      if (changed !== undefined && isEnded(changed)) stop();
    }
    // The first attempt counts, too: the task may have changed since it was found.
    const looking = watch(connection, keyOf(id), pollMs, look);
    function stop(): void {
      isStopped = true;
      looking.stop();
    }
    return stop;
  }

  return {
    async create(record, run, owner, caller) {
      const [ownerDigest, callerDigest] = await Promise.all([digest("owner", owner), digest("caller", caller)]);
      const stored = { record, replica, owner: ownerDigest, caller: callerDigest };
      const creating = write(stored, true);
      const task: OwnTask = {
        ...{ run, owner: ownerDigest, caller: callerDigest, next: undefined, saved: record },
        // The next state waits for the first one.
        ...{ isSaving: true, saving: creating.then(ignore, ignore), isReleased: false },
      };
      own.set(record.id, task);
      try {
        const isCreated = (await creating) === "written";
        task.isSaving = false;
        if (!isCreated) own.delete(record.id);
        else void save(record.id, task);
        return isCreated;
      } catch (error) {
        own.delete(record.id);
        throw error instanceof UnavailableError ? error : storeAway("the store keeps no task");
      }
    },
    save(record, onSaved) {
      const task = own.get(record.id);
      if (task === undefined) return;
      task.next = { record, onSaved };
      void save(record.id, task);
    },
    async settle(id) {
      const task = own.get(id);
      if (task !== undefined) await within(patienceMs, settled(task), "the store does not have the task yet");
    },
    release(id) {
      const task = own.get(id);
      if (task === undefined) return;
      // Its last state, such as a cancellation, is written first.
      task.isReleased = true;
      void save(id, task);
    },
    async find(id, owner) {
      if (!idPattern.test(id)) return undefined;
      const stored = await read(id);
      return stored?.owner === (await digest("owner", owner)) ? handleOf(stored) : undefined;
    },
    sweep,
    start({ surface }) {
      maxTasks = surface.maxTasks ?? defaultTasks;
      replicas.on("task", take);
      clearInterval(timer);
      timer = setInterval(() => {
        if (!connection.available) return;
        // A sweep that fails is left to the next one.
        sweep().catch(() => {});
        // One node of a cluster may have lost its data alone.
        void restoreAll();
      }, sweepMs);
      unref(timer);
      const onChange = (): void => void restoreAll();
      const stops = [connection.onAvailable(onChange), connection.onLoss(onChange)];
      stopListening = () => {
        for (const end of stops) end();
      };
    },
    async stop() {
      stopListening();
      clearInterval(timer);
      const writes = Promise.all([...own.values()].map(({ saving }) => saving));
      await Promise.race([writes, pause(lastWritesMs)]);
      own.clear();
    },
  };
}

/** The members of a task whose replica has ended. */
const lostRun = `,"error":${errorText(full("the replica that ran the task has ended"))}`;

/** Returns the ids of the tasks in the index that have not ended, and their replicas. */
function runningTasks(index: unknown): [id: string, runner: string][] {
  return Object.entries(isObject(index) ? index : {}).flatMap(([id, text]) => {
    const [, runner] = /^\[[^,]*,[^,]*,0,"[^"]*","([^"]*)"\]$/.exec(String(text)) ?? [];
    return runner === undefined || !idPattern.test(id) ? [] : [[id, runner]];
  });
}

function ignore(): void {}

/** Returns a digest of an identity, because Redis need not know it. */
function digest(purpose: string, text: string | undefined): Promise<string> {
  return fingerprint(JSON.stringify([purpose, text ?? null]));
}
