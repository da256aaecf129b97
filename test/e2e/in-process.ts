import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..", "..");

/** Imports a module of a built project into this process, together with all that it imports. */
export async function imported<T>(folder: string, path: string): Promise<T> {
  const outfile = join(folder, "imported", `${Math.random()}.mjs`);
  await build({
    absWorkingDir: folder,
    entryPoints: [path],
    bundle: true,
    format: "esm",
    platform: "node",
    outfile,
    logLevel: "silent",
    alias: { "@mcpc/runtime": join(root, "runtime") },
  });
  return (await import(pathToFileURL(outfile).href)) as T;
}
