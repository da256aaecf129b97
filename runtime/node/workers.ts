import type { Worker } from "node:cluster";
import type { Readable, Writable } from "node:stream";
import type { Server } from "../protocol/exchange.js";
import { exit } from "./exit.js";
import { workerWarnings } from "./worker-state.js";
import type { ProcessOptions } from "./options.js";
import { workerVariable } from "./worker-number.js";

/** A message of a worker: its address, as soon as it listens. */
interface WorkerReport {
  readonly listening: string;
}

/** A message to a worker: the number of signals to stop so far. */
interface StopRequest {
  readonly stop: number;
}

/** Pauses before a restart: the first one, which doubles with each failure in a row, and the longest. */
const firstPauseMs = 100;
const maxPauseMs = 10_000;
/** Age at which a worker no longer counts as a failure in a row. */
const stableMs = 60_000;
/** Time for the last output of a worker, which a process of its own may keep open. */
const lastOutputMs = 1000;
/** Times after which workers are killed: beyond the time for running calls, and after a second signal. */
const stuckMs = 20_000;
const urgentMs = 1500;
/** Bytes of a line that are kept until its end arrives. */
const maxLineBytes = 1024 * 1024;

/** A place for a worker. A restarted worker takes the place of its predecessor. */
interface Slot {
  readonly number: number;
  worker: Worker | undefined;
  /** The address, while the worker listens. */
  url: string | undefined;
  failures: number;
  startedAt: number;
  restart: NodeJS.Timeout | undefined;
}

/**
 * Runs a server in several processes that share its port, and ends with them. A worker that ends is replaced. A worker
 * that cannot start stops all of them at the start of the server; later, it is replaced, too, while the others serve.
 */
export async function runWorkers(server: Server, { workers, http }: ProcessOptions, drainMs: number): Promise<void> {
  const { logger } = server;
  const { default: cluster } = await import("node:cluster");
  const count = workers === "auto" ? (await import("node:os")).availableParallelism() : workers!;
  for (const warning of workerWarnings(server, http!, count)) logger("warning", warning);
  // Colours and pretty lines need the terminal itself.
  const output = (stream: { readonly isTTY?: boolean }): "inherit" | "pipe" => (stream.isTTY ? "inherit" : "pipe");
  // Workers accept connections themselves. Those that the primary process hands over hang if their worker is killed.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ stdio: ["ignore", output(process.stdout), output(process.stderr), "ipc"] });
  // Workers continue each other's calls and sessions, which a common secret seals.
  const stateKeys = process.env["MCPC_STATE_KEYS"] || crypto.randomUUID();
  const slots = Array.from({ length: count }, (_, index): Slot => ({
    ...{ number: index + 1, worker: undefined, url: undefined },
    ...{ failures: 0, startedAt: 0, restart: undefined },
  }));
  let signals = 0;
  let exitCode = 0;
  let announced: string | undefined;
  const onListening = new Map<Slot, () => void>();

  function begin(slot: Slot): void {
    Object.assign(slot, { startedAt: performance.now(), restart: undefined });
    const fail = ({ message }: Error, forked?: Worker): void => {
      logger("error", "a worker could not be started or reached", { worker: slot.number, error: message });
      // A process that was not created has no exit.
      if (forked?.process.pid === undefined) onEnd(slot, 1, null);
    };
    let worker: Worker;
    try {
      slot.worker = worker = cluster.fork({ MCPC_STATE_KEYS: stateKeys, [workerVariable]: String(slot.number) });
    } catch (error) {
      return fail(error as Error);
    }
    forwardLines(worker.process.stdout, process.stdout);
    forwardLines(worker.process.stderr, process.stderr);
    worker.on("message", (message: Partial<WorkerReport> | null) => {
      const listening = message?.listening;
      // Code of the server may send messages, too, such as "ready" for pm2.
      if (typeof listening !== "string") return;
      slot.url = listening;
      onListening.get(slot)?.();
      // Port 0 becomes another port if all workers end at once.
      if (announced !== undefined && listening !== announced) announce(listening);
    });
    worker.on("error", (error) => fail(error, worker));
    worker.process.once("exit", (code, signal) => {
      const settle = (): void => {
        clearTimeout(timer);
        worker.process.off("close", settle);
        onEnd(slot, code, signal);
      };
      const timer = setTimeout(settle, lastOutputMs);
      worker.process.once("close", settle);
    });
  }

  function onEnd(slot: Slot, code: number | null, signal: string | null): void {
    const { number, worker, url } = slot;
    Object.assign(slot, { worker: undefined, url: undefined });
    if (signals > 0) {
      // A worker that did not listen yet has finished nothing, and lost nothing.
      if (code !== 0 && url !== undefined) exitCode ||= 1;
      return exitIfLast();
    }
    if (announced === undefined && url === undefined && signal === null) {
      // The worker has printed the reason, or what an option asked for.
      exitCode = code ?? 1;
      return stop(1);
    }
    slot.failures = performance.now() - slot.startedAt > stableMs ? 1 : slot.failures + 1;
    const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** (slot.failures - 1));
    const details = { worker: number, pid: worker?.process.pid, ...(signal === null ? { code } : { signal }), pauseMs };
    logger(code === 0 ? "info" : "error", "a worker has ended; another one takes its place", details);
    slot.restart = setTimeout(begin, pauseMs, slot);
  }

  function announce(url: string): void {
    announced = url;
    process.stderr.write(`listening on ${url}\n`);
  }

  function exitIfLast(): void {
    if (slots.every(({ worker }) => worker === undefined)) exit(exitCode);
  }

  function kill(): void {
    for (const { worker } of slots) worker?.process.kill("SIGKILL");
  }

  function stop(level: number): void {
    signals = level;
    for (const { worker, url, restart } of slots) {
      clearTimeout(restart);
      // A worker that does not listen yet has nothing to finish.
      if (url === undefined) worker?.process.kill();
      else worker?.send({ stop: signals } satisfies StopRequest, () => {});
    }
    if (signals > 2) {
      kill();
      exit(1);
    }
    setTimeout(kill, signals === 1 ? drainMs + stuckMs : urgentMs).unref();
    exitIfLast();
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signals + 1));
  const start = (slot: Slot): Promise<void> =>
    new Promise((resolve) => {
      onListening.set(slot, resolve);
      begin(slot);
    });
  // One that cannot start says why once, not each of them.
  const [first, ...others] = slots;
  await start(first!);
  if (signals === 0) await Promise.all(others.map(start));
  onListening.clear();
  // Printed last: a parent that reads this line may send a signal at once.
  const url = slots.find((slot) => slot.url !== undefined)?.url;
  if (signals === 0 && url !== undefined) announce(url);
}

/** Reports the address of this worker to the primary process, which may then stop it. */
export function reportToPrimary(url: string, stop: (signals: number) => void): void {
  process.on("message", (request: StopRequest) => stop(request.stop));
  process.send!({ listening: url } satisfies WorkerReport);
}

/**
 * Writes the output of a worker in whole lines, so that lines of several workers do not mix. It reads no more while the
 * lines wait for a reader: the worker then limits its output.
 */
function forwardLines(from: Readable | null, to: Writable): void {
  let held: Buffer[] = [];
  let bytes = 0;
  const flush = (last: Buffer): void => {
    const isAccepted = to.write(Buffer.concat([...held, last]), () => from?.resume());
    if (!isAccepted) from?.pause();
    held = [];
    bytes = 0;
  };
  from?.on("data", (chunk: Buffer) => {
    const end = chunk.lastIndexOf("\n") + 1;
    if (end > 0) flush(chunk.subarray(0, end));
    const rest = chunk.subarray(end);
    held.push(rest);
    bytes += rest.length;
    if (bytes > maxLineBytes) flush(Buffer.from("\n"));
  });
  from?.on("end", () => {
    if (bytes > 0) flush(Buffer.from("\n"));
  });
}
