import { isObject } from "../../protocol/json-rpc.js";
import type { TaskRecord, TaskStatus } from "../../protocol/task-record.js";
import type { JsonObject } from "../../protocol/types.js";

/** A task as Redis has it. */
export interface StoredTask {
  readonly record: TaskRecord;
  readonly replica: string;
  readonly owner: string;
  readonly caller: string;
}

const statuses: readonly string[] = ["working", "input_required", "completed", "failed", "cancelled"];

/** Formats a task for Redis. `body` holds the members as an object. */
export function formatTask(task: StoredTask): string {
  return `${formatHead(task)}{${task.record.members.slice(1)}}}`;
}

/** Formats the beginning of a task for Redis, by which its states differ. */
export function formatHead({ record, replica, owner, caller }: StoredTask): string {
  const { members: _members, ...state } = record;
  return `${JSON.stringify({ ...state, replica, owner, caller }).slice(0, -1)},"body":`;
}

export function formatRecord({ status, updatedAt, members }: TaskRecord): string {
  return `${status} ${updatedAt} ${members}`;
}

/** Parses a task from Redis. Returns `undefined` for one that another version has written in another form. */
export function parseTask(id: string, text: unknown): StoredTask | undefined {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    if (!isObject(value)) return undefined;
    const { tool, scopes, createdAt, updatedAt, ttlMs, status, body, replica, owner, caller } = value;
    const texts = [tool, status, replica, owner, caller].every((each) => typeof each === "string");
    const numbers = [createdAt, updatedAt, ttlMs].every(
      (each) => typeof each === "number" && Number.isSafeInteger(each),
    );
    const lists = Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string");
    if (!texts || !numbers || !lists || !isObject(body) || !statuses.includes(status as string)) return undefined;
    const { inputRequests, result, error } = body;
    const members = [
      ["inputRequests", inputRequests],
      ["result", result],
      ["error", error],
    ].flatMap(([name, member]) => (isObject(member) ? [`,"${name as string}":${JSON.stringify(member)}`] : []));
    const state = { tool, scopes, createdAt, updatedAt, ttlMs, status: status as TaskStatus } as Omit<
      TaskRecord,
      "id" | "members"
    >;
    const record = { ...state, id, members: members.join("") };
    return { record, replica: replica as string, owner: owner as string, caller: caller as string };
  } catch {
    return undefined;
  }
}

/** Returns the names of a task's open questions. */
export function openQuestions({ status, members }: TaskRecord): ReadonlySet<string> {
  if (status !== "input_required") return new Set();
  const { inputRequests } = JSON.parse(`{${members.slice(1)}}`) as JsonObject;
  return new Set(Object.keys(inputRequests ?? {}));
}
