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
import type { Build } from "./builder.js";
import { clientOn, type Streams } from "./client.js";
import { told } from "./lines.js";
import { some } from "./names.js";
import { rebuilds } from "./rebuilds.js";
import { installations, scope } from "./scope.js";
import { served, type Version } from "./served.js";

export interface DevOptions {
  /** The server's command line. */
  readonly server: readonly string[];
  /** The transport that was asked for. */
  readonly transport: string | undefined;
  /** The server's configuration file, absolute. */
  readonly config: string | undefined;
  readonly streams: Streams;
  readonly color: boolean;
  readonly stderr: (text: string) => void;
  readonly onPhase: (phase: Phase) => void;
  /** Says what went wrong, of which nobody is to blame who writes the project. */
  readonly failed: (error: unknown) => void;
  /** Calls back each time that somebody wants it to stop. */
  readonly stopping: (stop: () => void) => void;
}

/**
 * `mcpc dev`: builds, serves, watches; what works takes the place of what is served. Ends when it is to stop, or when
 * the client on the standard streams has left; the exit code is the server's.
 */
export async function dev(folder: string, options: DevOptions): Promise<number> {
  const { stderr, color, config, streams, transport } = options;
  const say = (text: string): void => {
    const time = new Date().toTimeString().slice(0, 8);
    stderr(`${color ? `\u001b[2m${time}\u001b[0m` : time} ${printable(text)}\n`);
  };
  const host = nodeHost(folder);
  const script = runtimeModule("@mcpc/runtime/codegen/v1/dev-process", host);
  const looked = scope(host, config);
  const files = moduleFolder(host.root);
  const builder = builderThread(host.root, {
    onPhase: options.onPhase,
    onWait: (pid) => say(`waiting for another build of this folder, process ${pid}`),
  });
  const client =
    transport === "http"
      ? undefined
      : clientOn(streams, transport === "stdio", stderr, () => {
          if (server.running) server.leave();
          else if (work.idle) server.stop();
        });
  const server = served({
    spawn: (reported) => {
      const process = servingProcess(script, options.server, host.root, reported);
      if (client) client.hear(process.stdout);
      else process.stdout.pipe(streams.stdout, { end: false });
      return process;
    },
    attached: (process, transport) => {
      if (transport !== "stdio") return client?.none();
      client?.attach(process.stdin);
      if (client?.left) server.leave();
      if (first && streams.stdin.isTTY) say("serving on standard input and output; --transport http serves HTTP");
    },
    leaving: () => client?.leaving(),
    delayed: () => say("the server restarts when the calls that run have ended"),
    gone: () => client?.gone(),
    crashed: (how, again) => say(`the server crashed: ${how}; ${again ? "started again" : "waiting for a change"}`),
  });

  let shown = "";
  /** Why the machine did not let the last one come to its end. */
  let refused: string | undefined;
  let first = true;
  let broken = false;
  /** The code was right, and could not be served: what it lacks may be there now. */
  let unserved = false;

  async function rebuild(touched?: ReadonlySet<string>): Promise<void> {
    const from = performance.now();
    const build = await builder.build(files.names(), touched);
    looked.built(build);
    watcher.add(looked.outside());
    const names = touched ? [...touched].filter(looked.isSource) : [];
    const version = versionOf(build, isAsked(touched));
    if (version === undefined) return;
    const { summary } = build;
    const outcome = await server.update(version, {
      ...(names.some((path) => installations.includes(path)) && { anew: "packages were installed" }),
      ...(config !== undefined && names.includes(looked.of(config)) && { renewed: true }),
    });
    if (outcome.kind === "failed") stderr(`${printableLines(outcome.error)}\n`);
    else if (outcome.kind === "unchanged" && build.changed.length === 0 && !broken) return;
    const what = first ? `${summary!.name}: ${inventory(summary!)}` : some(names);
    const parts = [what, ...(broken && outcome.kind !== "failed" ? ["no errors"] : []), ...told(outcome)];
    say(`${first ? "built" : "rebuilt"} in ${(performance.now() - from).toFixed(0)} ms: ${parts.join("; ")}`);
    broken = unserved = outcome.kind === "failed";
    first &&= broken;
  }

  /** Somebody waits for an answer, even for the one that was given before. */
  function isAsked(touched?: ReadonlySet<string>): boolean {
    return touched === undefined || [...touched].some(looked.isSource);
  }

  /** Diagnostics, unless they have just been told: whether they have not. */
  function show(diagnostics: readonly Diagnostic[]): boolean {
    const report = { diagnostics, textOf: (path: string) => textOf(host, path), prefix: prefix(host, process.cwd()) };
    const text = formatPretty(report, { color });
    if (text === shown) return false;
    stderr(text);
    shown = text;
    return true;
  }

  function versionOf({ summary, diagnostics, unbundled, modules }: Build, asked: boolean): Version | undefined {
    const fresh = show([...diagnostics, ...unbundled]);
    if (summary === undefined || modules === undefined) {
      // What is said may itself be written to a file of the folder: that must not go on for ever.
      return fresh || asked ? failing() : undefined;
    }
    files.write(modules.texts);
    const { serving } = summary;
    const hooks = serving.hooks === undefined ? undefined : modules.names.get(serving.hooks);
    return { module: files.urlOf(modules.entry), hooks, serving };
  }

  function failing(): undefined {
    broken = true;
    const meanwhile = server.running ? "the last version that worked goes on" : "waiting for a change";
    say(`not ${first ? "built" : "rebuilt"}; ${meanwhile}`);
  }

  const work = rebuilds(async (touched) => {
    const relevant = touched && looked.relevant(new Set([...touched].map(looked.of)), unserved);
    if (relevant?.size === 0) return;
    try {
      await rebuild(relevant);
      refused = undefined;
    } catch (error) {
      const reason = String(error);
      if (reason !== refused || isAsked(relevant)) {
        options.failed(error);
        failing();
      }
      refused = reason;
    }
    if (client?.left && !server.running) server.stop();
  });
  const watcher = watch(host.root, {
    ignored: looked.ignored,
    changed: work.touch,
    failed: (reason) => say(`changes may go unseen: ${reason}`),
  });
  if (config !== undefined) watcher.add([config]);
  options.stopping(() => server.stop());
  // Nothing that changes from now on goes unseen.
  void watcher.ready.then(work.begin);
  const { code } = await server.ended;
  await work.end();
  await Promise.all([watcher.close(), builder.end()]);
  files.remove();
  return code ?? 1;
}
