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
