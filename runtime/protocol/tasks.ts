import type {} from "./parts.js";
import { identityOf, insufficient } from "./auth.js";
import { errorCodes, errorText, McpError } from "./errors.js";
import type { Answer, Call, Method, Payload, Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import { isObject, resultText } from "./json-rpc.js";
import { invalidParams, quoted, seal } from "./results.js";
import type { Question } from "./rounds.js";
import type { Surface } from "./surface.js";
import type { JsonObject } from "./types.js";

/** The extension's name, in the capabilities of both sides. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

/** How long a task is kept, from its creation; how often a client should look; how many there may be. */
const ttlMs = 60 * 60_000;
const pollIntervalMs = 500;
const mostTasks = 1000;

type Status = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** A call that is answered before it has ended (io.modelcontextprotocol/tasks, of 2026-07-28). */
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

  /** What a caller must have, as for the tool itself. */
  readonly scopes: readonly string[];

  constructor(call: Call, scopes: readonly string[]) {
    this.#call = call;
    this.scopes = scopes;
  }

  /** Whether it is the caller's to see, who may have got another token since. */
  belongsTo(auth: Auth | undefined): boolean {
    return identityOf(this.#call.auth) === identityOf(auth);
  }

  get expired(): boolean {
    return performance.now() - this.#began > ttlMs;
  }

  /** A question of the handler's, which waits for `tasks/update`. */
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

  /** Answers to questions that are open; any others are ignored. */
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
      const code = this.#call.peer.view.revision.errorCode(settled.code);
      return this.#finish("failed", `,"error":${errorText(settled, code)}`);
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

  /** Calls back at each change of what `detailed` tells, until it is told to stop. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** The members of the task as JSON text: its state, and what is to be asked or what came of it. */
  detailed(): string {
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

  /** The answer to the call that became this task. */
  created(): string {
    return `{"resultType":"task",${this.#envelope("working")}${this.#call.peer.view.closing}`;
  }

  #envelope(status: Status): string {
    return (
      `"taskId":"${this.id}","status":"${status}","createdAt":"${this.#created.toISOString()}",` +
      `"lastUpdatedAt":"${this.#updated.toISOString()}","ttlMs":${ttlMs},"pollIntervalMs":${pollIntervalMs}`
    );
  }

  #finish(status: Status, members: string): void {
    if (this.#end !== undefined) return;
    this.#end = { status, members };
    this.#questions.clear();
    this.#changed();
    this.#watchers.clear();
  }

  #changed(): void {
    this.#updated = new Date();
    for (const watcher of this.#watchers) watcher();
  }
}

/** Whether the client of this request knows tasks: nothing else may be answered with one. */
export function knowsTasks(call: Call): boolean {
  const { extensions } = call.peer.capabilities;
  return call.peer.view.revision.era === "modern" && isObject(extensions) && isObject(extensions[tasksExtension]);
}

export function needsTasks(): McpError {
  const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
  return new McpError(
    errorCodes.missingRequiredClientCapability,
    `this needs a client that supports ${tasksExtension}`,
    data,
  );
}

/** A new task, kept before anybody hears of it. */
export function createTask(call: Call, scopes: readonly string[] = []): Task | McpError {
  const tasks = tasksOf(call.peer.view.server);
  for (const [id, task] of tasks) {
    if (!task.expired) continue;
    tasks.delete(id);
    task.cancel("the task has expired");
  }
  if (tasks.size >= mostTasks)
    return new McpError(errorCodes.internalError, "too many tasks are kept; try again later");
  const task = new Task(call, scopes);
  tasks.set(task.id, task);
  return task;
}

function tasksOf(server: Server): Map<string, Task> {
  let tasks = server.indexes.get("tasks") as Map<string, Task> | undefined;
  if (tasks === undefined) server.indexes.set("tasks", (tasks = new Map()));
  return tasks;
}

export const hasTasks = (surface: Surface): boolean => surface.tools.some(({ task }) => task !== undefined);

/** `tasks/get`, `tasks/update` and `tasks/cancel`, where a tool can become a task. */
export function taskMethods(surface: Surface): readonly (readonly [string, Method])[] {
  return !globalThis.mcpcWithoutTasks && hasTasks(surface) ? methods() : [];
}

function methods(): readonly (readonly [string, Method])[] {
  return [
    ["tasks/get", withTask((call, task) => seal(call.peer.view, task.detailed()))],
    [
      "tasks/update",
      withTask((call, task) => {
        const { inputResponses } = call.params;
        if (!isObject(inputResponses)) return invalidParams('"inputResponses" must be an object');
        task.update(inputResponses);
        return acknowledged(call);
      }),
    ],
    [
      "tasks/cancel",
      withTask((call, task) => {
        task.cancel("the task was cancelled by the client");
        return acknowledged(call);
      }),
    ],
  ];
}

function acknowledged(call: Call): string {
  return seal(call.peer.view, "", {});
}

function withTask(answer: (call: Call, task: Task) => Answer): Method {
  return (call) => {
    if (!knowsTasks(call)) return needsTasks();
    const { taskId } = call.params;
    if (typeof taskId !== "string") return invalidParams('"taskId" must be a string');
    const task = taskNamed(call, taskId);
    if (task === undefined) return invalidParams(`there is no task ${quoted(taskId)}`);
    const asks = call.peer.view.server.auth !== undefined;
    return (asks ? insufficient(call.auth, task) : undefined) ?? answer(call, task);
  };
}

/** A task that the client of this call may see. */
function taskNamed(call: Call, id: string): Task | undefined {
  const task = tasksOf(call.peer.view.server).get(id);
  return task === undefined || task.expired || !task.belongsTo(call.auth) ? undefined : task;
}

/** The tasks that a subscription asks for (`taskIds`): those there are. Nothing where no tool can become one. */
export function watchedTasks(call: Call, ids: unknown): readonly Task[] | McpError {
  if (ids === undefined || !hasTasks(call.peer.view.server.surface)) return [];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string"))
    return invalidParams('"taskIds" must be a list of task ids');
  if (!knowsTasks(call)) return needsTasks();
  return [...new Set(ids as readonly string[])].flatMap((id) => taskNamed(call, id) ?? []);
}
