import type { Lists, Report, Swapped } from "@mcpc/runtime/codegen/v1/dev";
import type { Ending, ServingProcess } from "../host-node/serving-process.js";
import type { Serving } from "../model/summary.js";
import { differences } from "../serving.js";
import { firstNames } from "./first-names.js";

/** A version of a project that can be served. */
export interface Version {
  /** The path of its entry module. */
  readonly module: string;
  /** The name of the module of hooks, which changes with its content. */
  readonly hooks: string | undefined;
  readonly serving: Serving;
}

/** The outcome of an update. */
export type UpdateOutcome =
  | { readonly kind: "started" | "unchanged" }
  | {
      readonly kind: "swapped";
      readonly handlers: Swapped;
      /** The settings that have changed. */
      readonly settings: readonly string[];
      readonly notified: readonly string[];
      readonly renewed: boolean;
    }
  | { readonly kind: "restarted"; readonly why: string }
  | { readonly kind: "failed"; readonly error: string; readonly serving: boolean };

export interface DevServerOptions {
  /** Starts a process, which waits for a message. */
  readonly spawn: (onReport: (report: Report) => void) => ServingProcess;
  /** Called when a process starts to serve. */
  readonly onServing: (process: ServingProcess, transport: string) => void;
  /** Called before a restart: running calls are still answered, new ones wait. */
  readonly onRestart: () => void;
  /** Called when a restart takes long, because of running calls. */
  readonly onDelay: () => void;
  readonly onExit: () => void;
  /** Called after an unexpected end of the process, with whether it restarts. */
  readonly onCrash: (how: string, isRestarted: boolean) => void;
}

export interface UpdateOptions {
  /** Reason for a restart of the process. */
  readonly restartReason?: string;
  /** Starts the server again, with `onStart`. */
  readonly renewed?: boolean;
}

export interface DevServer {
  /** Serves this version from now on. */
  update(version: Version, options?: UpdateOptions): Promise<UpdateOutcome>;
  /** Whether a version is served. */
  readonly isRunning: boolean;
  /** Stops like the built server; a second call kills the process. */
  stop(): void;
  /** Marks the process as ending by itself, because its input has ended. */
  leave(): void;
  /** Resolves when no process runs and none will start. */
  readonly ended: Promise<Ending>;
}

/** Time without an answer after which a process counts as hanging. */
const hangsMs = 5000;
/** Duration of a restart after which it is reported. */
const patienceMs = 1000;
/** Additional time for `onStop` and the last bytes. */
const graceMs = 12_000;
/** The maximum number of crashes within the time. */
const maxCrashes = 5;
const crashesMs = 60_000;

interface Running {
  readonly process: ServingProcess;
  version: Version;
  lists: Lists;
  port: number | undefined;
}

/** Creates a server that always runs the newest working version, in one process that is replaced if necessary. */
export function createDevServer(options: DevServerOptions): DevServer {
  let running: Running | undefined;
  let pendingReport: ((report: Report) => void) | undefined;
  let current: ServingProcess | undefined;
  let isStopping = false;
  let crashes: number[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let finish!: (ending: Ending) => void;
  const ended = new Promise<Ending>((resolve) => (finish = resolve));

  /** Waits for the next report that is an answer, or for the end of the process. */
  function answer(process: ServingProcess, hangs: () => void): Promise<Report | Ending> {
    const timer = setTimeout(hangs, hangsMs);
    const reported = new Promise<Report>((resolve) => {
      pendingReport = (report) => {
        clearTimeout(timer);
        if (report.kind !== "loading") resolve(report);
      };
    });
    return Promise.race([reported, process.ended]).finally(() => {
      clearTimeout(timer);
      pendingReport = undefined;
    });
  }

  async function start(version: Version, before?: Pick<Running, "port" | "lists">): Promise<string | undefined> {
    const process = options.spawn((report) => pendingReport?.(report));
    current = process;
    const { port } = before ?? {};
    process.send({ module: version.module, renewed: true, ...(port !== undefined && { port }) });
    const report = await answer(process, () => {});
    if (!("kind" in report)) {
      current = undefined;
      if (isStopping) finish(report);
      return `the server could not start: ${describeEnding(report)}`;
    }
    if (report.kind !== "serving") {
      process.signal("SIGKILL");
      await process.ended;
      current = undefined;
      return report.kind === "failed" ? report.error : "";
    }
    running = { process, version, lists: report.lists, port: report.port };
    void process.ended.then((ending) => onEnded(process, ending));
    options.onServing(process, report.transport);
    const changed = before ? changedLists(before.lists, report.lists) : [];
    if (changed.length > 0) process.send({ announce: changed });
    return undefined;
  }

  function onEnded(process: ServingProcess, ending: Ending): void {
    if (running?.process !== process) return;
    const { version, port, lists } = running;
    running = current = undefined;
    options.onExit();
    if (isStopping) return finish(ending);
    const now = Date.now();
    crashes = [...crashes.filter((at) => at > now - crashesMs), now];
    const isRestarted = crashes.length <= maxCrashes;
    options.onCrash(describeEnding(ending), isRestarted);
    if (isRestarted) void enqueue(() => restartAfterCrash(version, { port, lists }));
  }

  /** Restarts after a crash, unless another version is served already. */
  async function restartAfterCrash(version: Version, before: Pick<Running, "port" | "lists">): Promise<void> {
    if (running !== undefined || isStopping) return;
    const error = await start(version, before);
    if (error !== undefined) options.onCrash(error, false);
  }

  function enqueue<T>(act: () => Promise<T>): Promise<T> {
    const done = queue.then(act);
    queue = done.catch(() => {});
    return done;
  }

  /** Ends a process gracefully, and kills it after a time limit. */
  function end(process: ServingProcess, { fixed }: Serving): Promise<Ending> {
    process.signal("SIGTERM");
    const { limits } = fixed["runtime"] as { readonly limits: { readonly drainMs?: number } };
    const { drainMs = 10_000 } = limits;
    const timer = setTimeout(() => process.signal("SIGKILL"), drainMs + graceMs);
    return process.ended.finally(() => clearTimeout(timer));
  }

  async function restart(version: Version, why: string): Promise<UpdateOutcome> {
    const { process, version: before, port, lists } = running!;
    const moved = changedSettings(before.serving, version.serving, "fixed").some((name) =>
      name.startsWith("runtime.transports"),
    );
    options.onRestart();
    running = undefined;
    const patience = setTimeout(options.onDelay, patienceMs);
    const ending = await end(process, before.serving).finally(() => clearTimeout(patience));
    current = undefined;
    options.onExit();
    if (isStopping) {
      finish(ending);
      return { kind: "unchanged" };
    }
    const state = { port: moved ? undefined : port, lists };
    const error = await start(version, state);
    if (error === undefined) return { kind: "restarted", why };
    const serving = !isStopping && (await start(before, { port, lists })) === undefined;
    return { kind: "failed", error, serving };
  }

  async function swap({ process }: Running, version: Version, renewed: boolean): Promise<UpdateOutcome> {
    let isHung = false;
    process.send({ module: version.module, renewed });
    const report = await answer(process, () => {
      isHung = true;
      process.signal("SIGKILL");
    });
    if (!("kind" in report)) {
      const error = isHung ? "a handler has kept the server busy for too long" : describeEnding(report);
      return (await start(version)) === undefined
        ? { kind: "restarted", why: error }
        : { kind: "failed", error, serving: false };
    }
    if (report.kind !== "swapped")
      return { kind: "failed", error: report.kind === "failed" ? report.error : "", serving: true };
    const { serving } = running!.version;
    Object.assign(running!, { version, lists: report.lists });
    const { handlers, notified } = report;
    return {
      kind: "swapped",
      handlers,
      settings: changedSettings(serving, version.serving, "swapped"),
      notified,
      renewed,
    };
  }

  async function update(
    version: Version,
    { restartReason, renewed = false }: UpdateOptions = {},
  ): Promise<UpdateOutcome> {
    if (isStopping) return { kind: "unchanged" };
    crashes = [];
    if (running === undefined) {
      const error = await start(version);
      return error === undefined ? { kind: "started" } : { kind: "failed", error, serving: false };
    }
    const { version: before } = running;
    const fixed = changedSettings(before.serving, version.serving, "fixed");
    const why = restartReason ?? (fixed.length === 0 ? undefined : `${firstNames(fixed)} changed`);
    if (why !== undefined) return restart(version, why);
    if (!renewed && version.module === before.module) return { kind: "unchanged" };
    const others = version.hooks !== before.hooks || version.serving.config !== before.serving.config;
    return swap(running, version, renewed || others);
  }

  return {
    update: (version, how) => enqueue(() => update(version, how)),
    get isRunning() {
      return running !== undefined;
    },
    stop() {
      if (isStopping) current?.signal("SIGKILL");
      isStopping = true;
      if (running !== undefined) void end(running.process, running.version.serving);
      else if (current === undefined) finish({ code: 1, signal: null });
      else current.signal("SIGTERM");
    },
    leave() {
      isStopping = true;
    },
    ended,
  };
}

function changedSettings(before: Serving, after: Serving, kind: "fixed" | "swapped"): string[] {
  return differences(before[kind], after[kind]);
}

function changedLists(before: Lists, after: Lists): (keyof Lists)[] {
  return (Object.keys(after) as (keyof Lists)[]).filter((list) => before[list] !== after[list]);
}

function describeEnding({ code, signal }: Ending): string {
  return code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
}
