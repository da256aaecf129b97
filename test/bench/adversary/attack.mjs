// A process of its own: goes through all doors at once until it is told to stop.
import { setPriority } from "node:os";
import { doors, release } from "./doors.mjs";

// The adversary's machine is another one: it takes no processor time from the server.
setPriority(10);
const url = new URL(process.argv[2]);
const only = process.argv.slice(3);
const names = Object.keys(doors).filter((name) => only.length === 0 || only.includes(name));
/** How many at a time go through each door. */
const abreast = 4;
const counts = Object.fromEntries(names.map((name) => [name, 0]));
let stopped = false;
async function go(name) {
  while (!stopped) {
    await doors[name](url);
    counts[name] += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
for (const name of names) for (let at = 0; at < abreast; at += 1) void go(name);
process.once("message", () => {
  stopped = true;
  release();
  process.send(counts, () => process.exit());
});
process.on("disconnect", () => process.exit());
