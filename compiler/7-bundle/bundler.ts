import type {
  BuildContext,
  BuildOptions,
  BuildResult,
  Message,
  OnLoadOptions,
  OnResolveOptions,
  Plugin,
} from "esbuild";
import { HostError } from "../host.js";
import { esbuild } from "./esbuild.js";

export type BundlerOptions = BuildOptions & { readonly write: false; readonly metafile: true };
export type Built = BuildResult<BundlerOptions>;
export type BundlerResult = { readonly built: Built } | { readonly failure: readonly Message[] };

/** Runs esbuild; errors in the code are part of the result. */
export type Bundler = (options: BundlerOptions) => Promise<BundlerResult>;

/** Builds each bundle without reuse. */
export const runBundler: Bundler = (options) => resultOf(asked((esbuild) => esbuild.build(options)));

/** Runs esbuild. Throws `HostError` where esbuild does not support the machine. */
async function asked<T>(ask: (esbuild: typeof import("esbuild")) => Promise<T>): Promise<T> {
  try {
    return await ask(esbuild());
  } catch (error) {
    const { message } = error as Error;
    if (!/^Unsupported platform|needed by esbuild|for another platform/.test(message)) throw error;
    throw new HostError(
      `esbuild for ${process.platform}-${process.arch} is not installed: it comes with the optional dependencies of ` +
        `the package "esbuild", so install without --omit=optional (${message.replace(/[.:]?\s*\n[^]*/, "")})`,
      { cause: error },
    );
  }
}

/** Starts esbuild's process in advance, which saves time later. */
export async function warmUpBundler(): Promise<void> {
  await esbuild().transform("");
}

export interface StayingBundler {
  readonly run: Bundler;
  /** Restarts esbuild's process on its next use, in case the process was killed. */
  renew(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Limit of contexts, one more than a build needs: a CommonJS bundle comes first, and shows that an ES module is needed.
 */
const maxContexts = 3;

/** Reuses esbuild's context for the same options, which keeps files read and parsed. */
export function stayingBundler(): StayingBundler {
  const contexts = new Map<string, CachedContext>();
  const end = async (): Promise<void> => {
    const all = [...contexts.values()];
    contexts.clear();
    await Promise.all(all.map(({ context }) => context.dispose()));
  };
  return {
    async run(options) {
      const { plugins = [], ...others } = options;
      const callbacks = callbacksOf(plugins);
      const filters = callbacks.map(({ on, options: { filter, namespace } }) => [on, String(filter), namespace]);
      const key = JSON.stringify([others, filters]);
      let cached = contexts.get(key);
      contexts.delete(key);
      if (cached) cached.current.callbacks = callbacks;
      else cached = await openContext({ ...options, plugins: [] }, callbacks);
      contexts.set(key, cached);
      const [oldest] = contexts.size > maxContexts ? contexts : [];
      if (oldest) {
        contexts.delete(oldest[0]);
        await oldest[1].context.dispose();
      }
      return resultOf(cached.context.rebuild());
    },
    async renew() {
      await end();
      await esbuild().stop();
    },
    end,
  };
}

interface CachedContext {
  readonly context: BuildContext<BundlerOptions>;
  readonly current: { callbacks: readonly Callback[] };
}

async function openContext(options: BundlerOptions, callbacks: readonly Callback[]): Promise<CachedContext> {
  const current = { callbacks };
  const plugin: Plugin = {
    name: "current callbacks",
    setup(build) {
      for (const [index, { on, options }] of callbacks.entries())
        (build[on] as AddCallback)(options, (args) => current.callbacks[index]!.act(args));
    },
  };
  return { context: await asked((esbuild) => esbuild.context({ ...options, plugins: [plugin] })), current };
}

/** A plugin's callback, in one build. */
interface Callback {
  readonly on: "onResolve" | "onLoad";
  readonly options: OnResolveOptions | OnLoadOptions;
  readonly act: Act;
}
type Act = (args: never) => never;
type AddCallback = (options: Callback["options"], act: Act) => void;

function callbacksOf(plugins: readonly Plugin[]): Callback[] {
  const callbacks: Callback[] = [];
  const adder =
    (on: Callback["on"]): AddCallback =>
    (options, act) =>
      void callbacks.push({ on, options, act });
  const build = { onResolve: adder("onResolve"), onLoad: adder("onLoad") };
  for (const plugin of plugins) void plugin.setup(build as unknown as Parameters<Plugin["setup"]>[0]);
  return callbacks;
}

async function resultOf(build: Promise<Built>): Promise<BundlerResult> {
  try {
    const built = await build;
    const refused = built.warnings.filter(isOtherJsx);
    return refused.length > 0 ? { failure: refused } : { built };
  } catch (error) {
    const { errors = [], warnings = [] } = error as { errors?: Message[]; warnings?: Message[] };
    if (errors.length === 0) throw error;
    const refused = warnings.filter(isOtherJsx);
    // The missing module belongs to the JSX transform that was refused, so its error is redundant.
    const others = errors.filter(({ text }) => refused.length === 0 || !/\/jsx-(?:dev-)?runtime"/.test(text));
    return { failure: [...refused, ...others] };
  }
}

/** Whether a comment in a file asks for a JSX transform that the file's tsconfig.json does not allow in esbuild. */
export function isOtherJsx({ id, location }: Message): boolean {
  return id === "unsupported-jsx-comment" && !/\bnode_modules\//.test(location?.file ?? "");
}
