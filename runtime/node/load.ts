import type {} from "../protocol/parts.js";
import { fail } from "./exit.js";
import { reserveStandardOutput } from "./standard-output.js";

/**
 * Loads a bundle that imports packages which are not in it. Standard output is reserved before: what these write while
 * they load is not the protocol. `folder` is where they are installed, `listed` what `npm install` installs there.
 */
export async function load(bundle: () => unknown, folder: string, listed: readonly string[]): Promise<void> {
  if (!globalThis.mcpcWithoutStdio) reserveStandardOutput();
  try {
    await bundle();
  } catch (error) {
    const name = missingPackage(error);
    if (name === undefined) throw error;
    const remedy = listed.includes(name) ? "npm install --omit=dev" : `npm install ${name}`;
    fail(`the package "${name}" is not in the bundle and cannot be found: run "${remedy}" in ${folder}`);
  }
}

/** The package that an import or `require` of its name has not found. */
function missingPackage(error: unknown): string | undefined {
  const { code, message = "" } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  return /^Cannot find (?:module|package) '((?:@[^/'\\]+\/)?[^@./'\\][^/'\\]*)/.exec(message)?.[1];
}
