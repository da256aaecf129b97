import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Returns the command that installs a package: of an optional package of the runtime, the versions that it works with. */
export function installCommand(name: string): string {
  const { peerDependencies } = require("@mcpc/runtime/package.json") as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  return `npm install ${name}${Object.hasOwn(peerDependencies, name) ? `@${peerDependencies[name]}` : ""}`;
}
