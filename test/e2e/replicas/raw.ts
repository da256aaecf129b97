import { replicaHeader } from "./balancer.js";
import type { Destination } from "./callers.js";
import type { Journal, Run, Task } from "./journal.js";

/** What official clients do not do yet, or not often enough: requests of 2026-07-28 by hand. */
export interface Raw {
  /** Opens a task, answers its question, and waits for its end. */
  task(client: string, key: string, ms: number): Promise<void>;
  /** Reads the results of all tasks once more. */
  readAgain(): Promise<void>;
  /** Sends `count` requests of one caller, `lanes` at a time. */
  burst(key: string, count: number, lanes: number): Promise<void>;
  /** Continues a call that is finished. */
  replay(client: string, key: string): Promise<void>;
  /** Follows the event stream of a tool, and resumes it after every third event. */
  run(client: string, key: string, pieces: number): Promise<void>;
}

const pollMs = 100;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Answer {
  readonly status: number;
  readonly replica: string;
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string };
}

export function createRaw(journal: Journal, { url, patienceMs: mostMs }: Destination): Raw {
  const { now, tasks } = journal;
  const keys = new Map<Task, string>();

  async function send(key: string, method: string, params: Record<string, unknown>, hasTasks = false): Promise<Answer> {
    const claim = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {
        elicitation: { form: {} },
        ...(hasTasks && { extensions: { "io.modelcontextprotocol/tasks": {} } }),
      },
    };
    const name = params["name"] ?? params["taskId"];
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof name === "string" && { "mcp-name": name }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: claim } }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const { result, error } = isJson ? JSON.parse(text) : ({} as any);
    return { status: response.status, replica: response.headers.get(replicaHeader) ?? "?", result, error };
  }

  /** Repeats a request until it is answered, as a client does that can wait. */
  async function answered(key: string, method: string, params: Record<string, unknown>): Promise<Answer> {
    const from = now();
    for (;;) {
      const answer = await send(key, method, params, true).catch(() => undefined);
      const isAway = answer === undefined || answer.status === 502 || answer.status === 503;
      if (!isAway || now() - from > mostMs) return answer ?? { status: 0, replica: "?" };
      await sleep(pollMs);
    }
  }

  async function followTask(key: string, task: Task, isPaid: boolean): Promise<void> {
    while (now() - task.created < mostMs) {
      const { status, result, error } = await answered(key, "tasks/get", { taskId: task.id });
      if (result === undefined) {
        task.problems.push(`tasks/get: ${status} ${error?.code} ${error?.message}`);
        task.ended = now();
        return;
      }
      task.status = result.status;
      task.message = result.statusMessage ?? result.error?.message;
      if (result.status === "input_required") {
        if (task.isPaid !== undefined) task.problems.push("asks again after its answer was acknowledged");
        const inputResponses = { payment: { action: "accept", content: { isPaid } } };
        const update = await answered(key, "tasks/update", { taskId: task.id, inputResponses });
        if (update.result === undefined) task.problems.push(`tasks/update: ${update.status} ${update.error?.message}`);
        else task.isPaid = isPaid;
      } else if (result.status !== "working") {
        task.ended = now();
        if (result.result !== undefined) task.result = JSON.stringify(result.result);
        return;
      }
      await sleep(pollMs);
    }
  }

  return {
    async task(client, key, ms) {
      const params = { name: "settle", arguments: { lot: client.replace(" ", "-"), ms } };
      const { replica: owner, result } = await send(key, "tools/call", params, true).catch(() => ({}) as Answer);
      if (typeof result?.taskId !== "string") return;
      const task: Task = { client, id: result.taskId, owner, created: now(), status: result.status, problems: [] };
      tasks.push(task);
      keys.set(task, key);
      await followTask(key, task, Math.random() < 0.5);
    },
    async readAgain() {
      for (const task of tasks) {
        if (task.result === undefined) continue;
        const { status, result, error } = await answered(keys.get(task)!, "tasks/get", { taskId: task.id });
        if (JSON.stringify(result?.result) !== task.result)
          task.problems.push(
            `completed with ${task.result}, later: ${status} ${JSON.stringify(result?.result ?? error)}`,
          );
      }
    },
    async burst(key, count, lanes) {
      const began = now();
      const counts = { admitted: 0, refused: 0 };
      let sent = 0;
      const lane = async (): Promise<void> => {
        while (sent < count) {
          sent += 1;
          const params = { name: "which_replica", arguments: {} };
          const { status } = await send(key, "tools/call", params).catch(() => ({}) as Answer);
          if (status === 200) counts.admitted += 1;
          else counts.refused += 1;
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      journal.bursts.push({ began, ended: now(), ...counts });
    },
    async replay(client, key) {
      const params = { name: "settle", arguments: { lot: client.replace(" ", "-"), ms: 0 } };
      const first = await send(key, "tools/call", params).catch(() => undefined);
      if (first?.result?.resultType !== "input_required") return;
      const [question] = Object.keys(first.result.inputRequests);
      const inputResponses = { [question!]: { action: "accept", content: { isPaid: true } } };
      const second = { ...params, inputResponses, requestState: first.result.requestState };
      const answer = await send(key, "tools/call", second).catch(() => undefined);
      if (answer?.result?.resultType !== "complete") return;
      const replayed = await send(key, "tools/call", second).catch(() => undefined);
      if (replayed === undefined) return;
      journal.replays.push({ client, at: now(), isRefused: replayed.result === undefined });
    },
    async run(client, key, pieces) {
      const run: Run = { client, began: now(), ended: Infinity, ids: [], replicas: [], isComplete: false };
      const address = new URL(`/mcp/tools/appraise/sse?pieces=${pieces}&msPerPiece=20`, url);
      try {
        while (!run.isComplete && now() - run.began < mostMs)
          await followRun(address, key, run).catch((error: Error) => {
            // The balancer cuts streams; the next request resumes.
            if (!/terminated|fetch failed/.test(error.message)) throw error;
          });
      } catch (error) {
        run.problem = String(error);
      }
      run.ended = now();
      journal.runs.push(run);
    },
  };
}

/** Reads three events of a run, or those up to its end. */
async function followRun(address: URL, key: string, run: Run): Promise<void> {
  const last = run.ids.at(-1);
  const headers = { authorization: `Bearer ${key}`, ...(last !== undefined && { "last-event-id": last }) };
  const stop = new AbortController();
  const response = await fetch(address, { headers, signal: stop.signal });
  run.replicas.push(response.headers.get(replicaHeader) ?? "?");
  if (response.status !== 200) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`);
  let text = "";
  let count = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const id = /^id: ?(.*)$/m.exec(event)?.[1];
      if (id !== undefined && /^data:/m.test(event)) run.ids.push(id);
      if (/^event: ?tool_complete$/m.test(event)) run.isComplete = true;
      if (/^event: ?tool_error$/m.test(event)) throw new Error(event);
      count += 1;
    }
    if (run.isComplete || count >= 3) break;
  }
  stop.abort();
}
