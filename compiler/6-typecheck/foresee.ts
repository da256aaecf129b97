import { join } from "node:path";
import type { ts as TS } from "ts-morph";
import type { Host } from "../host.js";
import { compilerOptions, reader, type Sources } from "./program.js";
import { diskOf, environmentOf, type Kept } from "./situation.js";

const imported = ["@mcpc/runtime", "@mcpc/runtime/codegen/v1"];

/**
 * What any check of the folder will work with, read before it is known what is to be checked: TypeScript's own
 * libraries, types that are seen everywhere, and those of the runtime.
 */
export function foresee(ts: typeof TS, host: Host): Kept {
  const options = compilerOptions(ts, host);
  const disk = diskOf(host);
  const sources: Sources = new Map();
  const file = join(host.root, "mcpc.foreseen.ts");
  const text = imported.map((name) => `import type {} from "${name}";\n`).join("");
  const textAt = (path: string): string | undefined => (path === file ? text : disk(path));
  const { host: compilerHost } = reader(ts, options, textAt, new Set(), new Map(), sources, host);
  // What a checker does first of all takes as long as reading, and stays with what was read.
  ts.createProgram([file], options, compilerHost).getTypeChecker();
  sources.delete(file);
  return { environment: environmentOf(ts, options, disk, host), sources, versions: new Map() };
}
