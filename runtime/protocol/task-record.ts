import { errorText, full } from "./errors.js";
import type { JsonObject } from "./types.js";

export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** The state of a task as data, apart from its run. */
export interface TaskRecord {
  readonly id: string;
  readonly tool: string;
  /** The scopes that a caller needs, equal to those of the tool. */
  readonly scopes: readonly string[];
  /** The creation and the last change, in milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The lifetime from the creation. */
  readonly ttlMs: number;
  readonly status: TaskStatus;
  /** Open questions, the result or the error: members of a JSON object, each after a comma. */
  readonly members: string;
}

/** A task as the methods use it, wherever it runs. */
export interface TaskHandle {
  readonly record: TaskRecord;
  /** Answers open questions; other answers are ignored. */
  update(responses: JsonObject): Promise<void> | undefined;
  cancel(reason: string): Promise<void> | undefined;
  /** Calls `watcher` after each change of the record. The returned function stops that. */
  watch(watcher: (record: TaskRecord) => void): () => void;
}

/** The tasks of all replicas. Its functions reject with `UnavailableError` while the store is away. */
export interface TaskStore {
  /**
   * Registers a task that begins here. Resolves with false if there is no room. `owner` is the identity that may use
   * the task, `caller` the one that it is booked on.
   */
  create(record: TaskRecord, run: TaskRun, owner: string | undefined, caller: string): Promise<boolean>;
  /**
   * Writes the state of a task of this replica, and again until the store has it; `onSaved` then gets what the store
   * has.
   */
  save(record: TaskRecord, onSaved: (record: TaskRecord) => void): void;
  /** Resolves once the store has the newest state of a task of this replica. */
  settle(id: string): Promise<void>;
  /** Forgets a task that this replica no longer has. */
  release(id: string): void;
  /** Returns a task of another replica. Tasks of replicas that have ended have failed. */
  find(id: string, owner: string | undefined): Promise<TaskHandle | undefined>;
}

/** The run of a task, for messages of other replicas. */
export interface TaskRun {
  update(responses: JsonObject): void;
  cancel(reason: string): void;
  /** Ends the run, because the store has another end of the task, or the task no longer. */
  drop(reason: string, end?: TaskRecord): void;
}

/** Bytes of a task without its input and its result. */
export const taskBytes = 2048;
/** Recommended interval between two polls of a client. */
const pollIntervalMs = 500;

export function isEnded({ status }: Pick<TaskRecord, "status">): boolean {
  return status !== "working" && status !== "input_required";
}

/** Formats the members of a task as JSON: its state, and its open questions or its result. */
export function taskText(record: TaskRecord): string {
  const { id, status, createdAt, updatedAt, ttlMs, members } = record;
  return (
    `"taskId":"${id}","status":"${status}","createdAt":"${new Date(createdAt).toISOString()}",` +
    `"lastUpdatedAt":"${new Date(updatedAt).toISOString()}","ttlMs":${ttlMs},"pollIntervalMs":${pollIntervalMs}${members}`
  );
}

/** The members of a task whose result has no room. */
export function noRoom(): string {
  return `,"error":${errorText(full("there is no room for the result of the task"))}`;
}
