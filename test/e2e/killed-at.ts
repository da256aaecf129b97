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
 * Options of `node` that keep what a kill would leave of folders, under their names in folders of `into`: before each
 * call which changes the disk, and in the middle of each write. Threads change it in turns, so that none is at it while
 * it is kept.
 */
export function keepingAll(folders: Readonly<Record<string, string>>, into: string): string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(keeping(folders, into))}`];
}

const keeping = (folders: Readonly<Record<string, string>>, into: string): string => `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { threadId } from "node:worker_threads";
const { mkdirSync: lock, rmdirSync: unlock, rmSync: remove } = fs;
const turn = ${JSON.stringify(`${into}-turn`)};
const never = new Int32Array(new SharedArrayBuffer(4));
let kept = 0;
let busy = false;
const inTurn = (act) => {
  for (;;) {
    try {
      lock(turn);
      break;
    } catch {
      Atomics.wait(never, 0, 0, 1);
    }
  }
  busy = true;
  try {
    return act();
  } finally {
    busy = false;
    unlock(turn);
  }
};
const keep = () => {
  const copies = ${JSON.stringify(into)} + "/" + threadId + "-" + ++kept + "/";
  for (const [name, folder] of Object.entries(${JSON.stringify(folders)}))
    if (fs.existsSync(folder)) fs.cpSync(folder, copies + name, { recursive: true });
};
for (const name of ["writeFileSync", "renameSync", "rmSync", "mkdirSync", "rmdirSync"]) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (busy || String(args[0]).includes(".lock")) return real(...args);
    return inTurn(() => {
      keep();
      if (name === "writeFileSync") {
        const bytes = Buffer.from(args[1]);
        real(args[0], bytes.subarray(0, bytes.length / 2), args[2]);
        keep();
        if (args[2]?.flag === "wx") remove(args[0]);
      }
      return real(...args);
    });
  };
}
syncBuiltinESMExports();
`;
