import { createHash } from "node:crypto";
import { deliverChange } from "../../protocol/changes.js";
import { drainMs } from "../../protocol/drain.js";
import type { Server } from "../../protocol/exchange.js";
import { SettingsError } from "../../protocol/hooks.js";

import { redact } from "../../protocol/redact.js";
import { digest, bindApplication, replace, type List } from "../../protocol/replace.js";
import type { Handlers } from "../../protocol/surface.js";
import { main as serve } from "../main.js";
import type { MainOptions } from "../options.js";
import type { Lists, Load, Report, Swapped } from "./messages.js";

/** A version of the server, as its module defines it. */
interface Version {
  readonly server: Server;
  readonly options: MainOptions;
}

let loaded: Version | undefined;

/** Replaces `main` of a built server in the modules of each version. */
export function main(server: Server, options: MainOptions): void {
  loaded = { server, options };
}

/** The server that is being served, and its current version. */
interface Live {
  readonly server: Server;
  readonly transport: string;
  readonly drainMs: number;
  version: Version;
}

/**
 * Serves one version of a server after another, as the parent process requests: the first like a built server, each
 * later one as its replacement.
 */
export function serveVersions(): void {
  let live: Live | undefined;
  let busy = Promise.resolve();
  const report = (message: Report): void => void process.send!(message);

  async function serveFirst({ module, port }: Load): Promise<void> {
    const version = await load(module);
    const { http } = version.options;
    let bound: number | undefined;
    const serving = new Promise<void>((resolve, reject) => {
      const listening = serve(version.server, {
        ...version.options,
        ...(http && { http: onSamePort(http, port, (taken) => void (bound = taken)) }),
        serving(server, transport) {
          const handlers = bindApplication(server.handlers, server.application);
          Object.assign(server, { handlers, describeError: (error: unknown) => describeForDeveloper(error, server) });
          live = { server, transport, drainMs: version.options.drainMs ?? drainMs, version };
          // A server on standard streams runs until the process ends.
          if (transport !== "http") resolve();
        },
      });
      listening.then(resolve, reject);
    });
    await serving;
    const { server, transport } = live!;
    const lists = await listsOf(server);
    report({ kind: "serving", transport, ...(bound !== undefined && { port: bound }), lists });
  }

  async function serveNext({ module, renewed }: Load): Promise<void> {
    const { server, transport, drainMs, version: before } = live!;
    const version = await load(module);
    const notified = await replace(server, version.server, {
      drainMs,
      keepsAuth: transport === "stdio",
      ...(renewed && { renewed: { sources: await version.options.configure?.(version.server, settings()) } }),
    });
    live!.version = version;
    const handlers = compareHandlers(before.server.definition.handlers, version.server.definition.handlers);
    report({ kind: "swapped", handlers, notified, lists: await listsOf(server) });
  }

  process.on("message", (message: Load | { readonly announce: readonly List[] }) => {
    if ("announce" in message) {
      // A client on standard streams was connected before this message, but its input may still be unread.
      setTimeout(() => {
        for (const kind of message.announce) deliverChange(live!.server, { kind });
      }, handOverMs);
      return;
    }
    report({ kind: "loading" });
    busy = busy.then(async () => {
      try {
        await (live === undefined ? serveFirst(message) : serveNext(message));
      } catch (error) {
        report({ kind: "failed", error: describeError(error) });
      }
    });
  });
  // The parent process has ended.
  process.on("disconnect", () => process.exit(1));
}

/** Time for reading input that has already arrived. */
const handOverMs = 50;

/** Loaded versions by module. Undoing a change loads an earlier version again. */
const versions = new Map<string, Version>();

async function load(module: string): Promise<Version> {
  const known = versions.get(module);
  if (known !== undefined) return known;
  loaded = undefined;
  await import(module);
  if (loaded === undefined) throw new Error(`${module} does not start a server`);
  versions.set(module, loaded);
  return loaded;
}

/** Wraps `listen` so that port 0 means the same free port in every version. */
function onSamePort(
  http: NonNullable<MainOptions["http"]>,
  port: number | undefined,
  taken: (port: number) => void,
): NonNullable<MainOptions["http"]> {
  return {
    ...http,
    listen: async (server, options, websocket) => {
      const listening = await http.listen(
        server,
        options.port === 0 && port !== undefined ? { ...options, port } : options,
        websocket,
      );
      taken(Number(new URL(listening.url).port));
      return listening;
    },
  };
}

/** Returns the configuration file that the process was started with. */
function settings(): { readonly file: string | undefined; readonly print: false } {
  const at = process.argv.indexOf("--config");
  return { file: (at === -1 ? undefined : process.argv[at + 1]) ?? process.env["MCPC_CONFIG"], print: false };
}

async function listsOf({ surface }: Server): Promise<Lists> {
  const entries = Object.entries(await digest(surface));
  return Object.fromEntries(entries.map(([list, text]) => [list, hashOf(text)])) as Lists;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** Compares the handlers of two versions. */
function compareHandlers(before: Handlers, after: Handlers): Swapped {
  const [old, now] = [handlersByName(before), handlersByName(after)];
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    changed: [...now].filter(([name, handler]) => old.has(name) && old.get(name) !== handler).map(([name]) => name),
    removed: [...old.keys()].filter((name) => !now.has(name)),
  };
}

function handlersByName(handlers: Handlers): Map<string, unknown> {
  return new Map(
    (["tools", "resources", "resourceTemplates", "prompts"] as const).flatMap((kind) => [
      ...(handlers[kind] as ReadonlyMap<string, unknown>),
    ]),
  );
}

/** Returns the error's message without secrets, for the developer, who writes the server and calls it. */
export function describeForDeveloper(
  error: unknown,
  { secrets, logging }: Pick<Server, "secrets" | "logging">,
): string {
  const hidden = { names: logging?.names ?? new Set<string>(), secrets };
  try {
    const shown = redact(error instanceof Error ? error.message : error, hidden);
    return typeof shown === "string" ? shown : (JSON.stringify(shown) ?? String(shown));
  } catch {
    return "a value that cannot be shown";
  }
}

function describeError(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
