import type {} from "../protocol/parts.js";
import { fail } from "./exit.js";
import { reserveStandardOutput } from "./standard-output.js";

/**
 * Loads a bundle that imports external packages. Reserves standard output first, since packages may print while they
 * load. The packages are installed in `folder`; `listed` are those that `npm install` installs there.
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

/** Returns the package that an import or `require` did not find. */
function missingPackage(error: unknown): string | undefined {
  const { code, message = "" } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  return /^Cannot find (?:module|package) '((?:@[^/'\\]+\/)?[^@./'\\][^/'\\]*)/.exec(message)?.[1];
}
