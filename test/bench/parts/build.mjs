// How long the compiler takes: everything, nothing changed, one handler, one tool.
import * as fs from "node:fs";
import { join } from "node:path";
import { build, project } from "../project.mjs";
import { median } from "../rounds.mjs";

const edit = (file, from, to) => fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(from, to));

export function measure({ quick }) {
  const rows = [];
  for (const count of quick ? [10, 100] : [10, 100, 1000, 5000]) {
    const repeats = quick || count >= 1000 ? 1 : 3;
    const times = { "from nothing": [], "nothing changed": [], "one handler changed": [], "one tool changed": [] };
    for (let repeat = 0; repeat < repeats; repeat++) {
      const folder = project(count);
      times["from nothing"].push(build(folder));
      times["nothing changed"].push(build(folder));
      edit(join(folder, "src", "sum.ts"), "String(a + b)", "String(b + a)");
      times["one handler changed"].push(build(folder));
      edit(join(folder, "bench.mcp.json"), "The first number.", "The first of both.");
      times["one tool changed"].push(build(folder));
      fs.rmSync(folder, { recursive: true });
    }
    for (const [name, values] of Object.entries(times))
      rows.push({ what: `mcpc build, ${count} tools`, name, value: median(values), unit: "ms" });
  }
  return rows;
}
