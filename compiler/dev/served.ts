import type { Lists, Report, Swapped } from "@mcpc/runtime/codegen/v1/dev";
import type { Ending, ServingProcess } from "../host-node/serving-process.js";
import type { Serving } from "../model/summary.js";
import { differences } from "../serving.js";
import { some } from "./names.js";

/** A version of a project that can be served. */
export interface Version {
  /** The path of its entry module. */
  readonly module: string;
  /** The name of the module of hooks, which is another one when anything in it has changed. */
  readonly hooks: string | undefined;
  readonly serving: Serving;
}

/** The outcome of serving a version. */
export type Outcome =
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

export interface ServedOptions {
  /** Starts a process; it says nothing before it is asked to. */
  readonly spawn: (reported: (report: Report) => void) => ServingProcess;
  /** A process serves. */
  readonly attached: (process: ServingProcess, transport: string) => void;
  /** Calls that run are still answered, new ones wait. */
  readonly leaving: () => void;
  /** It takes a while, because of the calls that run. */
  readonly delayed: () => void;
  readonly gone: () => void;
  /** The process ended although nobody had asked it to, and whether it is started again. */
  readonly crashed: (how: string, again: boolean) => void;
}

export interface UpdateOptions {
  /** Why the process cannot go on. */
  readonly anew?: string;
  /** Starts the server once more, with `onStart`. */
  readonly renewed?: boolean;
}

export interface Served {
  /** Serves this version from now on. */
  update(version: Version, options?: UpdateOptions): Promise<Outcome>;
  /** Whether anything is served. */
  readonly running: boolean;
  /** Stops as the built server does; when it is asked to a second time, at once. */
  stop(): void;
  /** The process ends by itself: its input has ended. */
  leave(): void;
  /** Nothing runs, and nothing is started any more. */
  readonly ended: Promise<Ending>;
}

/** How long a process may be busy with one handler before it counts as hanging. */
const hangsMs = 5000;
/** How long a restart may take before somebody wants to know why. */
const patienceMs = 1000;
/** Beside the time that calls have: for `onStop`, and the last bytes. */
const graceMs = 12_000;
/** More crashes than these within the time are no accident. */
const mostCrashes = 5;
const crashesMs = 60_000;

interface Running {
  readonly process: ServingProcess;
  version: Version;
  lists: Lists;
  port: number | undefined;
}

/** One process that serves the newest version that works; another one where that needs a new process. */
export function served(options: ServedOptions): Served {
  let running: Running | undefined;
  let asked: ((report: Report) => void) | undefined;
  let current: ServingProcess | undefined;
  let stopping = false;
  let crashes: number[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let finish!: (ending: Ending) => void;
  const ended = new Promise<Ending>((resolve) => (finish = resolve));

  /** The next report that is an answer; an error when there will be none. */
  function answer(process: ServingProcess, hangs: () => void): Promise<Report | Ending> {
    const timer = setTimeout(hangs, hangsMs);
    const reported = new Promise<Report>((resolve) => {
      asked = (report) => {
        clearTimeout(timer);
        if (report.kind !== "loading") resolve(report);
      };
    });
    return Promise.race([reported, process.ended]).finally(() => {
      clearTimeout(timer);
      asked = undefined;
    });
  }

  async function start(version: Version, before?: Pick<Running, "port" | "lists">): Promise<string | undefined> {
    const process = options.spawn((report) => asked?.(report));
    current = process;
    const { port } = before ?? {};
    process.say({ module: version.module, renewed: true, ...(port !== undefined && { port }) });
    const report = await answer(process, () => {});
    if (!("kind" in report)) {
      current = undefined;
      if (stopping) finish(report);
      return `the server could not start: ${how(report)}`;
    }
    if (report.kind !== "serving") {
      process.signal("SIGKILL");
      await process.ended;
      current = undefined;
      return report.kind === "failed" ? report.error : "";
    }
    running = { process, version, lists: report.lists, port: report.port };
    void process.ended.then((ending) => over(process, ending));
    options.attached(process, report.transport);
    const changed = before ? different(before.lists, report.lists) : [];
    if (changed.length > 0) process.say({ announce: changed });
    return undefined;
  }

  function over(process: ServingProcess, ending: Ending): void {
    if (running?.process !== process) return;
    const { version, port, lists } = running;
    running = current = undefined;
    options.gone();
    if (stopping) return finish(ending);
    const now = Date.now();
    crashes = [...crashes.filter((at) => at > now - crashesMs), now];
    const again = crashes.length <= mostCrashes;
    options.crashed(how(ending), again);
    if (again) void oneByOne(() => startAgain(version, { port, lists }));
  }

  /** Unless a version that came meanwhile is served already. */
  async function startAgain(version: Version, before: Pick<Running, "port" | "lists">): Promise<void> {
    if (running !== undefined || stopping) return;
    const error = await start(version, before);
    if (error !== undefined) options.crashed(error, false);
  }

  function oneByOne<T>(act: () => Promise<T>): Promise<T> {
    const done = queue.then(act);
    queue = done.catch(() => {});
    return done;
  }

  /** Lets what runs come to an end; what does not is ended. */
  function end(process: ServingProcess, { fixed }: Serving): Promise<Ending> {
    process.signal("SIGTERM");
    const { limits } = fixed["runtime"] as { readonly limits: { readonly drainMs?: number } };
    const { drainMs = 10_000 } = limits;
    const timer = setTimeout(() => process.signal("SIGKILL"), drainMs + graceMs);
    return process.ended.finally(() => clearTimeout(timer));
  }

  async function restart(version: Version, why: string): Promise<Outcome> {
    const { process, version: before, port, lists } = running!;
    const moved = changedSettings(before.serving, version.serving, "fixed").some((name) =>
      name.startsWith("runtime.transports"),
    );
    options.leaving();
    running = undefined;
    const patience = setTimeout(options.delayed, patienceMs);
    const ending = await end(process, before.serving).finally(() => clearTimeout(patience));
    current = undefined;
    options.gone();
    if (stopping) {
      finish(ending);
      return { kind: "unchanged" };
    }
    const kept = { port: moved ? undefined : port, lists };
    const error = await start(version, kept);
    if (error === undefined) return { kind: "restarted", why };
    const serving = !stopping && (await start(before, { port, lists })) === undefined;
    return { kind: "failed", error, serving };
  }

  async function swap({ process }: Running, version: Version, renewed: boolean): Promise<Outcome> {
    let hung = false;
    process.say({ module: version.module, renewed });
    const report = await answer(process, () => {
      hung = true;
      process.signal("SIGKILL");
    });
    if (!("kind" in report)) {
      const error = hung ? "a handler has kept the server busy for too long" : how(report);
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

  async function update(version: Version, { anew, renewed = false }: UpdateOptions = {}): Promise<Outcome> {
    if (stopping) return { kind: "unchanged" };
    crashes = [];
    if (running === undefined) {
      const error = await start(version);
      return error === undefined ? { kind: "started" } : { kind: "failed", error, serving: false };
    }
    const { version: before } = running;
    const fixed = changedSettings(before.serving, version.serving, "fixed");
    const why = anew ?? (fixed.length === 0 ? undefined : `${some(fixed)} changed`);
    if (why !== undefined) return restart(version, why);
    if (!renewed && version.module === before.module) return { kind: "unchanged" };
    const others = version.hooks !== before.hooks || version.serving.config !== before.serving.config;
    return swap(running, version, renewed || others);
  }

  return {
    update: (version, how) => oneByOne(() => update(version, how)),
    get running() {
      return running !== undefined;
    },
    stop() {
      if (stopping) current?.signal("SIGKILL");
      stopping = true;
      if (running !== undefined) void end(running.process, running.version.serving);
      else if (current === undefined) finish({ code: 1, signal: null });
      else current.signal("SIGTERM");
    },
    leave() {
      stopping = true;
    },
    ended,
  };
}

function changedSettings(before: Serving, after: Serving, kind: "fixed" | "swapped"): string[] {
  return differences(before[kind], after[kind]);
}

function different(before: Lists, after: Lists): (keyof Lists)[] {
  return (Object.keys(after) as (keyof Lists)[]).filter((list) => before[list] !== after[list]);
}

function how({ code, signal }: Ending): string {
  return code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
}
