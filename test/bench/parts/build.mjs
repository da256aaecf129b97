// How long the compiler takes: everything, nothing changed, one handler, one tool; by a new process, and by a resident one.
import * as fs from "node:fs";
import { join } from "node:path";
import { residentCompiler } from "../../../compiler/dist/resident.js";
import { build, project } from "../project.mjs";
import { median } from "../rounds.mjs";

const edit = (file, from, to) => {
  const text = fs.readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`nothing to edit in ${file}`);
  fs.writeFileSync(file, text.replace(from, to));
};

export async function measure({ quick }) {
  const rows = [];
  const add = (what, times) => {
    for (const [name, values] of Object.entries(times)) rows.push({ what, name, value: median(values), unit: "ms" });
  };
  for (const count of quick ? [10, 100] : [10, 100, 1000, 5000]) {
    add(`mcpc build, ${count} tools`, oneShot(count, quick || count >= 1000 ? 1 : 3, quick ? 1 : 5));
    for (const shared of [true, false])
      add(
        `a resident compiler, ${count} tools, ${shared ? "a handler for all" : "a handler each"}`,
        await staying(count, shared, quick ? 3 : 9),
      );
  }
  return rows;
}

/** Each time a project of its own, in which there are some changes. */
function oneShot(count, repeats, changes) {
  const times = { "from nothing": [], "nothing changed": [], "one handler changed": [], "one tool changed": [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const folder = project(count);
    times["from nothing"].push(build(folder));
    for (let change = 0; change < changes; change++) {
      times["nothing changed"].push(build(folder));
      edit(join(folder, "src", "sum.ts"), "String(", `String(${change} + `);
      times["one handler changed"].push(build(folder));
      edit(join(folder, "bench.mcp.json"), "The first ", "The very first ");
      times["one tool changed"].push(build(folder));
    }
    fs.rmSync(folder, { recursive: true });
  }
  return times;
}

/** What `mcpc dev` rebuilds with: from the moment that the edit is on the disk until dist/server.js is the new one. */
async function staying(count, shared, repeats) {
  const times = { "one handler changed": [], "one tool changed": [] };
  const folder = project(count, {}, shared);
  const compiler = residentCompiler(folder);
  const compiled = async (touched) => {
    const from = performance.now();
    const { diagnostics, changed } = await compiler.build(touched && new Set([touched]));
    const time = performance.now() - from;
    if (diagnostics.length > 0 || !changed.some((path) => path.startsWith("dist/")))
      throw new Error(`not built: ${JSON.stringify(diagnostics[0] ?? changed)}`);
    return time;
  };
  await compiled();
  const handler = shared ? "src/sum.ts" : "src/tools/tool_0.ts";
  if (!shared) {
    edit(join(folder, handler), 'throw notImplemented("tool_0")', "return String(0)");
    edit(
      join(folder, handler),
      /import \{ notImplemented[^\n]*\n/.exec(fs.readFileSync(join(folder, handler), "utf8"))[0],
      "",
    );
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    edit(join(folder, handler), "String(", `String(${repeat} + `);
    times["one handler changed"].push(await compiled(handler));
    edit(join(folder, "bench.mcp.json"), "The first ", "The very first ");
    times["one tool changed"].push(await compiled("bench.mcp.json"));
  }
  await compiler.end();
  fs.rmSync(folder, { recursive: true });
  return times;
}
