import type {} from "./parts.js";
import { identityOf, scopeError } from "./auth.js";
import { errorCodes, errorText, full, McpError, UnavailableError } from "./errors.js";
import type { Answer, Call, Method, Payload, Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { isObject, resultText } from "./json-rpc.js";
import { weightOf, type Booking } from "./ledger.js";
import { noteFailure, shareObservation, type Fault } from "./observer.js";
import { observeTaskEnd } from "./outcome.js";
import { invalidParams, quote, seal } from "./results.js";
import type { Question } from "./rounds.js";
import type { Surface, ToolSurface } from "./surface.js";
import { isHidden } from "./visibility.js";
import {
  isEnded,
  noRoom,
  taskBytes,
  taskText,
  type TaskHandle,
  type TaskRecord,
  type TaskStatus,
} from "./task-record.js";
import { traceOf } from "./trace.js";
import type { JsonObject } from "./types.js";

/** The extension's name, in the capabilities of both sides. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

/** Default lifetime of a task from its creation, and default number of tasks. */
const defaultTtlMs = 60 * 60_000;
export const defaultTasks = 1000;

/** The maximum number of tasks of one subscription. */
const maxWatched = 1000;

/** A call that is answered before it ends (io.modelcontextprotocol/tasks, of 2026-07-28). */
export class Task implements TaskHandle {
  readonly #began = performance.now();
  readonly #call: Call;
  readonly #questions = new Map<string, { readonly question: Question; readonly resolve: (answer: unknown) => void }>();
  readonly #used = new Map<string, number>();
  readonly #watchers = new Set<(record: TaskRecord) => void>();
  #newest: TaskRecord;
  #isKept = true;
  #record: TaskRecord;
  booking: Booking | undefined;
  /** The outcome of the registration at a store: `undefined`, or the answer to the call. */
  registered: Promise<McpError | undefined> | undefined;

  constructor(call: Call, { name, scopes = [] }: ToolSurface) {
    this.#call = call;
    const now = Date.now();
    const ttlMs = call.peer.view.server.surface.taskTtlMs ?? defaultTtlMs;
    const times = { createdAt: now, updatedAt: now, ttlMs };
    this.#newest = { id: crypto.randomUUID(), tool: name, scopes, ...times, status: "working", members: "" };
    this.#record = this.#newest;
  }

  /** The state that clients may learn: with a store, the newest one that the store has. */
  get record(): TaskRecord {
    return this.#record;
  }

  /** Returns whether the caller owns the task. Its token may be another one by now. */
  belongsTo(auth: Auth | undefined): boolean {
    return identityOf(this.#call.auth) === identityOf(auth);
  }

  get isExpired(): boolean {
    return performance.now() - this.#began > this.#record.ttlMs;
  }

  get isEnded(): boolean {
    return isEnded(this.#newest);
  }

  /** Asks a question of the handler, which `tasks/update` answers. */
  ask(name: string, question: Question): Promise<unknown> {
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    const key = count === 1 ? name : `${name}_${count}`;
    return new Promise((resolve, reject) => {
      const { signal } = this.#call;
      const abort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      const answer = (value: unknown): void => {
        signal.removeEventListener("abort", abort);
        resolve(value);
      };
      this.#questions.set(key, { question, resolve: answer });
      this.#showQuestions();
    });
  }

  update(responses: JsonObject): Promise<void> | undefined {
    this.take(responses);
    return this.#saved();
  }

  /** Answers open questions, and does not wait for the store. */
  take(responses: JsonObject): void {
    const before = this.#questions.size;
    for (const [key, answer] of Object.entries(responses)) {
      const waiting = this.#questions.get(key);
      if (waiting === undefined || !waiting.question.accepts(answer)) continue;
      this.#questions.delete(key);
      waiting.resolve(answer);
    }
    if (this.#questions.size < before) this.#showQuestions();
  }

  finish(settled: Payload | McpError): void {
    if (!globalThis.mcpcWithoutObservers && !this.isEnded) observeTaskEnd(this.#call, this.#newest.id, settled);
    if (settled instanceof McpError) {
      const { errorCode } = this.#call.peer.view.revision;
      this.#finish("failed", `,"error":${errorText(settled, errorCode)}`);
    } else this.#finish("completed", `,"result":${resultText(settled)}`);
  }

  abort(reason: unknown): void {
    this.#call.abort(reason);
  }

  cancel(reason: string): Promise<void> | undefined {
    this.stop(reason);
    return this.#saved();
  }

  /** Cancels the task, and does not wait for the store. */
  stop(reason: string): void {
    if (this.isEnded) return;
    if (!globalThis.mcpcWithoutObservers) observeTaskEnd(this.#call, this.#newest.id, undefined);
    this.#finish("cancelled", "");
    this.#call.abort(new Error(reason));
  }

  /** Ends the run, because the store has another end of the task, or the task no longer. */
  drop(reason: string, end: Partial<TaskRecord> = { updatedAt: Date.now(), status: "cancelled", members: "" }): void {
    this.#isKept = false;
    this.booking?.release();
    if (!isEnded(this.#record)) this.#show({ ...this.#record, ...end });
    if (this.isEnded) return;
    if (!globalThis.mcpcWithoutObservers) observeTaskEnd(this.#call, this.#newest.id, undefined);
    this.#call.abort(new Error(reason));
  }

  watch(watcher: (record: TaskRecord) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Formats the answer to the call that became this task. */
  answer(): string {
    const { createdAt } = this.#record;
    const state = taskText({ ...this.#record, updatedAt: createdAt, status: "working", members: "" });
    return `{"resultType":"task",${state}${this.#call.peer.view.closing}`;
  }

  /** Waits until all replicas answer with the newest state. */
  #saved(): Promise<void> | undefined {
    if (globalThis.mcpcWithoutStore || this.#newest === this.#record) return undefined;
    return this.#call.peer.view.server.store?.tasks?.settle(this.#newest.id);
  }

  #showQuestions(): void {
    const { size } = this.#questions;
    if (size === 0) return this.#change("working", "");
    const requests = [...this.#questions].map(([key, { question }]) => {
      const { method, params } = question;
      return [key, { method, params }] as const;
    });
    return this.#change("input_required", `,"inputRequests":${JSON.stringify(Object.fromEntries(requests))}`);
  }

  #finish(status: TaskStatus, members: string): void {
    if (this.isEnded) return;
    this.#questions.clear();
    this.#call.forget();
    // A result without room becomes a failure. A cancelled task has none, and may have lost its room already.
    const hasRoom = this.booking?.resize(taskBytes + 2 * members.length) !== false;
    if (!hasRoom && members !== "") return this.#change("failed", noRoom());
    return this.#change(status, members);
  }

  #change(status: TaskStatus, members: string): void {
    if (!this.#isKept) return;
    const changed = { ...this.#newest, updatedAt: Date.now(), status, members };
    this.#newest = changed;
    const store = this.#call.peer.view.server.store?.tasks;
    if (globalThis.mcpcWithoutStore || store === undefined) this.#show(changed);
    else store.save(changed, (saved) => this.#show(saved));
  }

  #show(record: TaskRecord): void {
    this.#record = record;
    for (const watcher of this.#watchers) watcher(record);
    if (isEnded(record)) this.#watchers.clear();
  }
}

/** Returns whether the client supports tasks. Other clients must not get one. */
export function supportsTasks(call: Call): boolean {
  const { extensions } = call.peer.capabilities;
  return call.peer.view.revision.era === "modern" && isObject(extensions) && isObject(extensions[tasksExtension]);
}

export function tasksRequired(): McpError {
  const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
  return new McpError(
    errorCodes.missingRequiredClientCapability,
    `this needs a client that supports ${tasksExtension}`,
    data,
  );
}

/**
 * Creates a task and registers it before the client learns of it. Returns `undefined` if there is no room. Ended tasks
 * make room.
 */
export function createTask(call: Call, tool: ToolSurface): Task | undefined {
  const { server } = call.peer.view;
  const { ledger, surface } = server;
  const store = server.store?.tasks;
  const tasks = tasksOf(server);
  const remove = (task: Task): void => {
    tasks.delete(task.record.id);
    task.booking?.release();
  };
  const end = (task: Task, reason: string, fault: Fault, name: string): void => {
    remove(task);
    noteFailure(task, fault, name);
    task.stop(reason);
    if (!globalThis.mcpcWithoutStore) store?.release(task.record.id);
  };
  // Tasks are in the order of their creation, and so of their expiry.
  for (const task of tasks.values()) {
    if (!task.isExpired) break;
    end(task, "the task has expired", "server", "timeout");
  }
  const task = new Task(call, tool);
  if (!globalThis.mcpcWithoutObservers) shareObservation(call, task);
  const { caller } = call;
  const item = { kind: "task", most: surface.maxTasks ?? defaultTasks, caller, isIdle: () => task.isEnded };
  const evict = (): void => end(task, "another client needs the place of the task", "limit", "busy");
  task.booking = ledger.book(item, evict, taskBytes + weightOf(call.params));
  if (task.booking === undefined) return undefined;
  if (!globalThis.mcpcWithoutStore && store !== undefined) {
    const run = {
      update: (responses: JsonObject) => task.take(responses),
      cancel: (reason: string) => task.stop(reason),
      drop: (reason: string, end?: TaskRecord) => {
        remove(task);
        noteFailure(task, "limit", "busy");
        task.drop(reason, end);
      },
    };
    task.registered = store.create(task.record, run, identityOf(call.auth), caller).then(
      (isCreated) => {
        if (isCreated) return undefined;
        run.drop("there is no room for the task");
        return tooManyTasks();
      },
      (error: unknown) => {
        run.drop("the store is away");
        return asMcpError(error);
      },
    );
  }
  // Creates the trace now, because the headers are dropped.
  traceOf(call);
  call.release();
  tasks.set(task.record.id, task);
  return task;
}

function asMcpError(error: unknown): McpError {
  if (error instanceof McpError) return error;
  throw error;
}

export function tooManyTasks(): McpError {
  return full("too many tasks are kept");
}

function tasksOf(server: Server): Map<string, Task> {
  let tasks = server.indexes.get("tasks") as Map<string, Task> | undefined;
  if (tasks === undefined) server.indexes.set("tasks", (tasks = new Map()));
  return tasks;
}

export const hasTasks = (surface: Surface): boolean => surface.tools.some(({ task }) => task !== undefined);

/** Returns `tasks/get`, `tasks/update` and `tasks/cancel`, if a tool can become a task. */
export function taskMethods(surface: Surface): readonly (readonly [string, Method])[] {
  return !globalThis.mcpcWithoutTasks && hasTasks(surface) ? methods() : [];
}

function methods(): readonly (readonly [string, Method])[] {
  return [
    ["tasks/get", withTask((call, task) => seal(call.peer.view, taskText(task.record)))],
    [
      "tasks/update",
      withTask((call, task) => {
        const { inputResponses } = call.params;
        if (!isObject(inputResponses)) return invalidParams('"inputResponses" must be an object');
        return acknowledgement(call, task.update(inputResponses));
      }),
    ],
    [
      "tasks/cancel",
      withTask((call, task) => acknowledgement(call, task.cancel("the task was cancelled by the client"))),
    ],
  ];
}

function acknowledgement(call: Call, done: Promise<void> | undefined): Answer {
  const acknowledged = seal(call.peer.view, "", {});
  if (globalThis.mcpcWithoutStore || done === undefined) return acknowledged;
  return done.then(() => acknowledged, asMcpError);
}

function withTask(answer: (call: Call, task: TaskHandle) => Answer): Method {
  return (call) => {
    if (!supportsTasks(call)) return tasksRequired();
    const { taskId } = call.params;
    if (typeof taskId !== "string") return invalidParams('"taskId" must be a string');
    const task = taskNamed(call, taskId);
    const finish = (found: TaskHandle | McpError): Answer => (found instanceof McpError ? found : answer(call, found));
    return globalThis.mcpcWithoutStore || !(task instanceof Promise)
      ? finish(task as TaskHandle | McpError)
      : task.then(finish);
  };
}

type Found = TaskHandle | McpError;

/** Returns a task that the caller may see, or an error. Every access to a task calls this. */
function taskNamed(call: Call, id: string): Found | Promise<Found> {
  const { server } = call.peer.view;
  const task = tasksOf(server).get(id);
  if (!globalThis.mcpcWithoutStore && task === undefined && server.store?.tasks !== undefined)
    return server.store.tasks
      .find(id, identityOf(call.auth))
      .then((found) => (found === undefined ? unknownTask(id) : permitted(call, found)), asMcpError);
  if (task === undefined || task.isExpired || !task.belongsTo(call.auth)) return unknownTask(id);
  return permitted(call, task);
}

function unknownTask(id: string): McpError {
  return invalidParams(`there is no task ${quote(id)}`);
}

/** Returns the task, unless its tool is now hidden from the caller, or the caller lacks its scopes. */
function permitted({ auth, peer }: Call, task: TaskHandle): Found {
  const { server } = peer.view;
  const { id, tool } = task.record;
  if (!globalThis.mcpcWithoutEnabled && isHidden(server, auth, "tools", tool)) return unknownTask(id);
  return (server.auth === undefined ? undefined : scopeError(auth, task.record)) ?? task;
}

type Watched = readonly TaskHandle[] | McpError;

/** Returns the tasks in `taskIds` of a subscription that the caller may see. */
export function watchedTasks(call: Call, ids: unknown): Watched | Promise<Watched> {
  if (ids === undefined || !hasTasks(call.peer.view.server.surface)) return [];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    return invalidParams('"taskIds" must be a list of task ids');
  if (!supportsTasks(call)) return tasksRequired();
  const unique = [...new Set(ids as readonly string[])];
  if (unique.length > maxWatched) return invalidParams(`"taskIds" has more than ${maxWatched} ids`);
  const found = unique.map((id) => taskNamed(call, id));
  if (globalThis.mcpcWithoutStore || !found.some((task) => task instanceof Promise)) return visible(found as Found[]);
  return Promise.all(found).then((tasks) => tasks.find((task) => task instanceof UnavailableError) ?? visible(tasks));
}

function visible(found: readonly Found[]): readonly TaskHandle[] {
  return found.flatMap((task) => (task instanceof McpError ? [] : [task]));
}
