import type {} from "./parts.js";
import { identityOf, scopeError } from "./auth.js";
import { errorCodes, errorText, full, McpError } from "./errors.js";
import type { Answer, Call, Method, Payload, Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { isObject, resultText } from "./json-rpc.js";
import { weightOf, type Booking } from "./ledger.js";
import { invalidParams, quote, seal } from "./results.js";
import type { Question } from "./rounds.js";
import type { Surface, ToolSurface } from "./surface.js";
import { isHidden } from "./visibility.js";
import { traceOf } from "./trace.js";
import type { JsonObject } from "./types.js";

/** The extension's name, in the capabilities of both sides. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

/** Default lifetime of a task from its creation, and default number of tasks. */
const defaultTtlMs = 60 * 60_000;
const defaultTasks = 1000;
/** Recommended interval between two polls of a client. */
const pollIntervalMs = 500;
/** Bytes of a task without its input and its result. */
const taskBytes = 2048;

type Status = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** A call that is answered before it ends (io.modelcontextprotocol/tasks, of 2026-07-28). */
export class Task {
  readonly id = crypto.randomUUID();
  readonly #created = new Date();
  readonly #began = performance.now();
  readonly #call: Call;
  readonly #questions = new Map<string, { readonly question: Question; readonly resolve: (answer: unknown) => void }>();
  readonly #used = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  #updated = this.#created;
  #end: { readonly status: Status; readonly members: string } | undefined;

  /** The scopes that a caller needs, equal to those of the tool. */
  readonly scopes: readonly string[];
  readonly tool: string;
  readonly #ttlMs: number;
  booking: Booking | undefined;

  constructor(call: Call, { name, scopes = [] }: ToolSurface) {
    this.#call = call;
    this.scopes = scopes;
    this.tool = name;
    this.#ttlMs = call.peer.view.server.surface.taskTtlMs ?? defaultTtlMs;
  }

  /** Returns whether the caller owns the task. Its token may be another one by now. */
  belongsTo(auth: Auth | undefined): boolean {
    return identityOf(this.#call.auth) === identityOf(auth);
  }

  get isExpired(): boolean {
    return performance.now() - this.#began > this.#ttlMs;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
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
      this.#changed();
    });
  }

  /** Answers open questions; other answers are ignored. */
  update(responses: JsonObject): void {
    const before = this.#questions.size;
    for (const [key, answer] of Object.entries(responses)) {
      const waiting = this.#questions.get(key);
      if (waiting === undefined || !waiting.question.accepts(answer)) continue;
      this.#questions.delete(key);
      waiting.resolve(answer);
    }
    if (this.#questions.size < before) this.#changed();
  }

  finish(settled: Payload | McpError): void {
    if (settled instanceof McpError) {
      const { errorCode } = this.#call.peer.view.revision;
      return this.#finish("failed", `,"error":${errorText(settled, errorCode)}`);
    }
    this.#finish("completed", `,"result":${resultText(settled)}`);
  }

  abort(reason: unknown): void {
    this.#call.abort(reason);
  }

  cancel(reason: string): void {
    if (this.#end !== undefined) return;
    this.#finish("cancelled", "");
    this.#call.abort(new Error(reason));
  }

  /** Calls `watcher` after each change of `details()`. The returned function stops that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Formats the members of the task as JSON: its state, and its open questions or its result. */
  details(): string {
    const questions = [...this.#questions].map(
      ([
        key,
        {
          question: { method, params },
        },
      ]) => [key, { method, params }] as const,
    );
    const asking = questions.length > 0;
    const status: Status = this.#end?.status ?? (asking ? "input_required" : "working");
    const more = asking
      ? `,"inputRequests":${JSON.stringify(Object.fromEntries(questions))}`
      : (this.#end?.members ?? "");
    return this.#envelope(status) + more;
  }

  /** Formats the answer to the call that became this task. */
  answer(): string {
    return `{"resultType":"task",${this.#envelope("working")}${this.#call.peer.view.closing}`;
  }

  #envelope(status: Status): string {
    return (
      `"taskId":"${this.id}","status":"${status}","createdAt":"${this.#created.toISOString()}",` +
      `"lastUpdatedAt":"${this.#updated.toISOString()}","ttlMs":${this.#ttlMs},"pollIntervalMs":${pollIntervalMs}`
    );
  }

  #finish(status: Status, members: string): void {
    if (this.#end !== undefined) return;
    this.#end = { status, members };
    // A result without room becomes a failure.
    if (this.booking?.resize(taskBytes + 2 * members.length) === false)
      this.#end = {
        status: "failed",
        members: `,"error":${errorText(full("there is no room for the result of the task"))}`,
      };
    this.#questions.clear();
    this.#call.forget();
    this.#changed();
    this.#watchers.clear();
  }

  #changed(): void {
    this.#updated = new Date();
    for (const watcher of this.#watchers) watcher();
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
  const { ledger, surface } = call.peer.view.server;
  const tasks = tasksOf(call.peer.view.server);
  const end = (task: Task, reason: string): void => {
    tasks.delete(task.id);
    task.booking?.release();
    task.cancel(reason);
  };
  // Tasks are in the order of their creation, and so of their expiry.
  for (const task of tasks.values()) {
    if (!task.isExpired) break;
    end(task, "the task has expired");
  }
  const task = new Task(call, tool);
  const { caller } = call;
  const item = { kind: "task", most: surface.maxTasks ?? defaultTasks, caller, isIdle: () => task.isEnded };
  const evict = (): void => end(task, "another client needs the place of the task");
  task.booking = ledger.book(item, evict, taskBytes + weightOf(call.params));
  if (task.booking === undefined) return undefined;
  // Creates the trace now, because the headers are dropped.
  traceOf(call);
  call.release();
  tasks.set(task.id, task);
  return task;
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
    ["tasks/get", withTask((call, task) => seal(call.peer.view, task.details()))],
    [
      "tasks/update",
      withTask((call, task) => {
        const { inputResponses } = call.params;
        if (!isObject(inputResponses)) return invalidParams('"inputResponses" must be an object');
        task.update(inputResponses);
        return acknowledgement(call);
      }),
    ],
    [
      "tasks/cancel",
      withTask((call, task) => {
        task.cancel("the task was cancelled by the client");
        return acknowledgement(call);
      }),
    ],
  ];
}

function acknowledgement(call: Call): string {
  return seal(call.peer.view, "", {});
}

function withTask(answer: (call: Call, task: Task) => Answer): Method {
  return (call) => {
    if (!supportsTasks(call)) return tasksRequired();
    const { taskId } = call.params;
    if (typeof taskId !== "string") return invalidParams('"taskId" must be a string');
    const task = taskNamed(call, taskId);
    return task instanceof McpError ? task : answer(call, task);
  };
}

/** Returns a task that the caller may see, or an error. Every access to a task calls this. */
function taskNamed(call: Call, id: string): Task | McpError {
  const { server } = call.peer.view;
  const task = tasksOf(server).get(id);
  if (task === undefined || task.isExpired || !task.belongsTo(call.auth) || isToolHidden(call, task))
    return invalidParams(`there is no task ${quote(id)}`);
  return (server.auth === undefined ? undefined : scopeError(call.auth, task)) ?? task;
}

/** Returns whether the task's tool is now hidden from the caller. */
function isToolHidden({ auth, peer }: Call, { tool }: Task): boolean {
  return !globalThis.mcpcWithoutEnabled && isHidden(peer.view.server, auth, "tools", tool);
}

/** Returns the tasks in `taskIds` of a subscription that the caller may see. */
export function watchedTasks(call: Call, ids: unknown): readonly Task[] | McpError {
  if (ids === undefined || !hasTasks(call.peer.view.server.surface)) return [];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    return invalidParams('"taskIds" must be a list of task ids');
  if (!supportsTasks(call)) return tasksRequired();
  return [...new Set(ids as readonly string[])].map((id) => taskNamed(call, id)).filter((task) => task instanceof Task);
}
