/** Options of `node` that end the process at the given call which changes the disk, as a power cut would. */
export function killedAt(call: number): string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(preload(call))}`];
}

const preload = (call: number): string => `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
let calls = 0;
for (const name of ["writeFileSync", "renameSync", "rmSync", "mkdirSync", "rmdirSync"]) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (!String(args[0]).includes(".lock") && ++calls === ${call}) process.kill(process.pid, "SIGKILL");
    return real(...args);
  };
}
syncBuiltinESMExports();
`;

/**
 * Options of `node` that keep what a kill would leave of `folder`, in numbered folders of `into`: before each call which
 * changes the disk, and in the middle of each write.
 */
export function keepingAll(folder: string, into: string): string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(keeping(folder, into))}`];
}

const keeping = (folder: string, into: string): string => `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
let kept = 0;
let busy = false;
const keep = () => {
  busy = true;
  fs.cpSync(${JSON.stringify(folder)}, ${JSON.stringify(into)} + "/" + ++kept, { recursive: true });
  busy = false;
};
for (const name of ["writeFileSync", "renameSync", "rmSync", "mkdirSync", "rmdirSync"]) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (busy || String(args[0]).includes(".lock")) return real(...args);
    keep();
    if (name === "writeFileSync") {
      const bytes = Buffer.from(args[1]);
      real(args[0], bytes.subarray(0, bytes.length / 2));
      keep();
    }
    return real(...args);
  };
}
syncBuiltinESMExports();
`;
