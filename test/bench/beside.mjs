// `npm run beside -- DIR [--quick]`: measures calls, lists and starts of this checkout next to those of another one, whose
// compiler is built, in pairs. Each row's ratio is this one's speed in parts of the other's. Writes no results.
import { join, resolve } from "node:path";
import { burst } from "./load/http.mjs";
import { opened as openedHttp, withoutSessions } from "./parts/http.mjs";
import { listing } from "./parts/start.mjs";
import { kinds, opened as openedStdio } from "./parts/stdio.mjs";
import { build, cli, project } from "./project.mjs";
import { paired, row } from "./rounds.mjs";

const quick = process.argv.includes("--quick");
const other = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
if (other === undefined) {
  console.error("name the folder of the other checkout");
  process.exit(2);
}
const compilers = { other: join(resolve(other), "compiler", "dist", "cli.js"), this: cli };
const generations = quick ? 1 : 3;
const rounds = quick ? 3 : 9;

/** The same server, built by each of the two. */
function built(count, more) {
  const bundle = (compiler) => {
    const folder = project(count, more);
    build(folder, { compiler });
    return join(folder, "dist", "server.js");
  };
  return Object.fromEntries(Object.entries(compilers).map(([name, compiler]) => [name, bundle(compiler)]));
}

/** Opens both servers as often as there are generations: one process is faster than another. */
async function compare(what, bundles, open, measure) {
  const pairs = [];
  for (let generation = 0; generation < generations; generation += 1) {
    const cases = {};
    for (const [name, bundle] of Object.entries(bundles)) cases[name] = await open(bundle);
    const found = await paired(rounds, cases, () => "other", measure);
    pairs.push(...found.this);
    for (const { server } of Object.values(cases)) server?.close();
  }
  const { value, ratio, spread } = row(what, "this", pairs);
  const [low, high] = spread.map((one) => one.toFixed(3));
  console.log(`${what.padEnd(46)} ${value.toFixed(1).padStart(9)}  ${ratio.toFixed(3)}  (${low} to ${high})`);
}

const http = (bundle) => [bundle, "--transport", "http", "--port", "0"];
for (const count of quick ? [10] : [10, 1000]) {
  const [whole, stateless, alone] = [{}, withoutSessions, { runtime: { transports: { stdio: {} } } }].map((more) =>
    built(count, more),
  );
  for (const [how, bundles, era] of [
    ["sessions", whole, "legacy"],
    ["no sessions", stateless, "legacy"],
    ["modern", whole, "modern"],
  ])
    for (const method of ["tools/call", "tools/list"])
      await compare(
        `HTTP ${method}, ${how}, ${count} tools, /s`,
        bundles,
        (bundle) => openedHttp({ command: http(bundle), era }),
        async ({ server: { port }, request }) => {
          const { answers, ms } = await burst(port, 32, request(method), quick ? 100 : 200);
          return (answers / ms) * 1000;
        },
      );
  for (const era of ["legacy", "modern"])
    for (const [method, flight] of kinds)
      await compare(
        `stdio ${method}, ${era}, ${flight} in flight, ${count} tools, /s`,
        whole,
        (bundle) => openedStdio([bundle], era),
        async ({ server, request }) => {
          const { answers, ms } = await server.burst(request(method), flight, quick ? 100 : 200);
          return (answers / ms) * 1000;
        },
      );
  await compare(
    `starts to the first list, ${count} tools, /s`,
    alone,
    async (bundle) => ({ start: listing([bundle]) }),
    async ({ start }) => 1000 / (await start()).ms,
  );
}
process.exit(0);
