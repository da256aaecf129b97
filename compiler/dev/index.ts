import { inventory, prefix, textOf } from "../command.js";
import type { Phase } from "../compile.js";
import { runtimeModule } from "../7-bundle/runtime.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { printable, printableLines } from "../diagnostics/printable.js";
import { formatPretty } from "../diagnostics/render.js";
import { builderThread } from "../host-node/builder-thread.js";
import { nodeHost } from "../host-node/index.js";
import { moduleFolder, servingProcess } from "../host-node/serving-process.js";
import { watch } from "../host-node/watch.js";
import type { DevBuild } from "./builder.js";
import { clientOn, type Streams } from "./client.js";
import { describeOutcome } from "./outcome-text.js";
import { firstNames } from "./first-names.js";
import { createRebuildQueue } from "./rebuild-queue.js";
import { installations, projectScope } from "./project-scope.js";
import { createDevServer, type Version } from "./dev-server.js";

export interface DevOptions {
  /** The command line of the server. */
  readonly server: readonly string[];
  /** The requested transport. */
  readonly transport: string | undefined;
  /** The absolute path of the server's configuration file. */
  readonly config: string | undefined;
  readonly streams: Streams;
  readonly color: boolean;
  readonly stderr: (text: string) => void;
  readonly onPhase: (phase: Phase) => void;
  /** Reports an internal error. */
  readonly onInternalError: (error: unknown) => void;
  /** Registers a function that is called for each request to stop. */
  readonly onStop: (stop: () => void) => void;
}

/**
 * Runs `mcpc dev`: builds, serves and watches, and replaces the served version by each working one. Ends on request,
 * or when the client on the standard streams disconnects. Returns the server's exit code.
 */
export async function dev(folder: string, options: DevOptions): Promise<number> {
  const { stderr, color, config, streams, transport } = options;
  const say = (text: string): void => {
    const time = new Date().toTimeString().slice(0, 8);
    stderr(`${color ? `\u001b[2m${time}\u001b[0m` : time} ${printable(text)}\n`);
  };
  const host = nodeHost(folder);
  const script = runtimeModule("@mcpc/runtime/codegen/v1/dev-process", host);
  const project = projectScope(host, config);
  const files = moduleFolder(host.root);
  const builder = builderThread(host.root, {
    onPhase: options.onPhase,
    onWait: (pid) => say(`waiting for another build of this folder, process ${pid}`),
  });
  const client =
    transport === "http"
      ? undefined
      : clientOn(streams, transport === "stdio", stderr, () => {
          if (server.isRunning) server.leave();
          else if (work.isIdle) server.stop();
        });
  const server = createDevServer({
    spawn: (reported) => {
      const process = servingProcess(script, options.server, host.root, reported);
      if (client) client.readFrom(process.stdout);
      else process.stdout.pipe(streams.stdout, { end: false });
      return process;
    },
    onServing: (process, transport) => {
      if (transport !== "stdio") return client?.detach();
      client?.writeTo(process.stdin);
      if (client?.hasLeft) server.leave();
      if (isFirst && streams.stdin.isTTY) say("serving on standard input and output; --transport http serves HTTP");
    },
    onRestart: () => client?.onRestart(),
    onDelay: () => say("the server restarts when the calls that run have ended"),
    onExit: () => client?.onExit(),
    onCrash: (how, isRestarted) =>
      say(`the server crashed: ${how}; ${isRestarted ? "started again" : "waiting for a change"}`),
  });

  let lastText = "";
  /** The internal error of the last rebuild, if any. */
  let lastError: string | undefined;
  let isFirst = true;
  let isBroken = false;
  /** Whether the last version compiled but could not be served. A missing resource may exist later. */
  let isUnserved = false;

  async function rebuild(touched?: ReadonlySet<string>): Promise<void> {
    const from = performance.now();
    const build = await builder.build(files.names(), touched);
    project.update(build);
    watcher.add(project.outsideFiles());
    const names = touched ? [...touched].filter(project.isSource) : [];
    const version = versionOf(build, isAsked(touched));
    if (version === undefined) return;
    const { summary } = build;
    const outcome = await server.update(version, {
      ...(names.some((path) => installations.includes(path)) && { restartReason: "packages were installed" }),
      ...(config !== undefined && names.includes(project.projectPath(config)) && { renewed: true }),
    });
    if (outcome.kind === "failed") stderr(`${printableLines(outcome.error)}\n`);
    else if (outcome.kind === "unchanged" && build.changed.length === 0 && !isBroken) return;
    const what = isFirst ? `${summary!.name}: ${inventory(summary!)}` : firstNames(names);
    const parts = [what, ...(isBroken && outcome.kind !== "failed" ? ["no errors"] : []), ...describeOutcome(outcome)];
    say(`${isFirst ? "built" : "rebuilt"} in ${(performance.now() - from).toFixed(0)} ms: ${parts.join("; ")}`);
    isBroken = isUnserved = outcome.kind === "failed";
    isFirst &&= isBroken;
  }

  /** Returns whether to report the result even if it equals the last one. */
  function isAsked(touched?: ReadonlySet<string>): boolean {
    return touched === undefined || [...touched].some(project.isSource);
  }

  /** Prints diagnostics unless they equal the last ones. Returns whether it did. */
  function show(diagnostics: readonly Diagnostic[]): boolean {
    const report = { diagnostics, textOf: (path: string) => textOf(host, path), prefix: prefix(host, process.cwd()) };
    const text = formatPretty(report, { color });
    if (text === lastText) return false;
    stderr(text);
    lastText = text;
    return true;
  }

  function versionOf({ summary, diagnostics, unbundled, modules }: DevBuild, asked: boolean): Version | undefined {
    const isNew = show([...diagnostics, ...unbundled]);
    if (summary === undefined || modules === undefined) {
      // The output may be redirected to a file of the folder, which must not cause endless rebuilds.
      return isNew || asked ? reportFailure() : undefined;
    }
    files.write(modules.texts);
    const { serving } = summary;
    const hooks = serving.hooks === undefined ? undefined : modules.names.get(serving.hooks);
    return { module: files.urlOf(modules.entry), hooks, serving };
  }

  function reportFailure(): undefined {
    isBroken = true;
    const meanwhile = server.isRunning ? "the last working version keeps serving" : "waiting for a change";
    say(`not ${isFirst ? "built" : "rebuilt"}; ${meanwhile}`);
  }

  const work = createRebuildQueue(async (touched) => {
    const relevant = touched && project.relevant(new Set([...touched].map(project.projectPath)), isUnserved);
    if (relevant?.size === 0) return;
    try {
      await rebuild(relevant);
      lastError = undefined;
    } catch (error) {
      const reason = String(error);
      if (reason !== lastError || isAsked(relevant)) {
        options.onInternalError(error);
        reportFailure();
      }
      lastError = reason;
    }
    if (client?.hasLeft && !server.isRunning) server.stop();
  });
  const watcher = watch(host.root, {
    ignored: project.isIgnored,
    onChange: work.touch,
    onError: (reason) => say(`changes may be missed: ${reason}`),
  });
  if (config !== undefined) watcher.add([config]);
  options.onStop(() => server.stop());
  // Later changes are noticed from here on.
  void watcher.ready.then(work.begin);
  const { code } = await server.ended;
  await work.end();
  await Promise.all([watcher.close(), builder.end()]);
  files.remove();
  return code ?? 1;
}
