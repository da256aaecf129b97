// Writes the measured data as tables into docs/performance.md, and as a picture into docs/performance.svg.
import * as fs from "node:fs";
import { join } from "node:path";
import { root } from "./project.mjs";

const titles = {
  size: "Size",
  start: "Start",
  stdio: "Standard streams",
  http: "HTTP",
  websocket: "WebSocket",
  streams: "Streams",
  store: "A store in Redis",
  memory: "Memory of sessions and streams",
  build: "The compiler",
  check: "Lint",
  diff: "Comparisons of surfaces",
};
const notes = {
  start: "Each server has only standard streams.",
  store: "The baseline is the same server without `runtime.store`. Redis runs on the same cores.",
  memory:
    "The heap and external memory after garbage collection that each of 1,000 adds to a server of 10 tools. SDK 1.x has a server object for each session. SDK 2.x and mcp-use have no sessions.",
};
const [begin, end] = ["<!-- measured -->", "<!-- end of what is measured -->"];

export function report(results) {
  const parts = Object.keys(titles).flatMap((part) => {
    const file = join(results, `${part}.json`);
    return fs.existsSync(file) ? [JSON.parse(fs.readFileSync(file, "utf8"))] : [];
  });
  const document = join(root, "docs", "performance.md");
  const text = fs.readFileSync(document, "utf8");
  const [before, after] = [text.split(begin)[0], text.split(end)[1]];
  fs.writeFileSync(document, `${before}${begin}\n\n${parts.map(section).join("\n")}\n${end}${after}`);
  fs.writeFileSync(join(root, "docs", "performance.svg"), picture(parts));
}

function section({ part, date, machine, quick, note = notes[part], rows }) {
  const noise = rows.some(({ ratio }) => ratio !== undefined);
  const head = noise
    ? "| | | median | to the baseline | middle half of the rounds |\n|---|---|--:|--:|--:|\n"
    : "| | | |\n|---|---|--:|\n";
  const lines = rows.map(({ what, name, value, unit, ratio, spread }) => {
    const cells = [what, name, `${shown(value)} ${unit}`];
    if (noise) cells.push(ratio.toFixed(3), spread.map((bound) => bound.toFixed(3)).join(" to "));
    return `| ${cells.join(" | ")} |\n`;
  });
  return `### ${titles[part]}\n\nMeasured on ${date}${quick ? ", in a short run" : ""}: ${machine}.${note ? ` ${note}` : ""}\n\n${head}${lines.join("")}`;
}

const shown = (value) => value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 });

/** The calls of each server over HTTP and standard streams as bars. The bare loop is 1. */
function picture(parts) {
  const charts = [
    ["http", /^HTTP tools\/call, 10 tools$/, "calls over HTTP"],
    ["stdio", /^stdio tools\/call, one at a time, 10 tools$/, "calls over standard streams, one at a time"],
    ["stdio", /^stdio tools\/call, 64 in flight, 10 tools$/, "calls over standard streams, 64 in flight"],
  ];
  let y = 24;
  const shapes = [];
  for (const [part, pattern, title] of charts) {
    const found = parts.find((one) => one.part === part);
    const rows = found?.rows.filter(({ what }) => pattern.test(what)) ?? [];
    if (rows.length === 0) continue;
    const longest = Math.max(...rows.map(({ ratio }) => ratio));
    shapes.push(`<text x="0" y="${y}" class="title">${title}, 10 tools: a bare loop is 1 (${found.date})</text>`);
    y += 10;
    for (const { name, ratio } of rows) {
      const width = Math.max(1, (ratio / longest) * 380);
      const kind = name.startsWith("mcpc") ? "ours" : name.startsWith("bare") ? "bare" : "peer";
      shapes.push(
        `<text x="186" y="${y + 12}" text-anchor="end">${name}</text>` +
          `<rect x="194" y="${y}" width="${width.toFixed(1)}" height="15" class="${kind}"/>` +
          `<text x="${(200 + width).toFixed(1)}" y="${y + 12}">${ratio.toFixed(2)}</text>`,
      );
      y += 19;
    }
    y += 26;
  }
  const style =
    "text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600}.ours{fill:#1a7f37}.bare{fill:#8c959f}.peer{fill:#bf8700}";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${y}" viewBox="0 0 640 ${y}"><style>${style}</style>\n${shapes.join("\n")}\n</svg>\n`;
}
