/** An entry of the surface that is JSON but for its commas, and the quotes around the names of its members. */
const entry = /^ {4}\{\n((?: {6}\w+: (?!new Map\(|.*\["__proto__"\]:).*,\n)+) {4}\},\n/gm;
const entries = new RegExp(`(?:${entry.source})+`, "gm");

/** Entries that have a name and nothing else. */
const name = /^ {4}\{\n {6}name: "([^"\\ ]+)",\n {4}\},\n/gm;
const names = new RegExp(`(?:${name.source}){10,}`, "gm");

/** `generated/surface.ts` with its entries as texts, which are read several times as fast as literals are. */
export function surfaceTables(text: string): string {
  return text
    .replaceAll(names, (run) => {
      const list = [...run.matchAll(name)].map(([, name]) => name).join(" ");
      return `    ...${JSON.stringify(list)}.split(" ").map((name) => ({ name })),\n`;
    })
    .replaceAll(entries, (run) => {
      const objects = [...run.matchAll(entry)].map(([, members]) => {
        const lines = members!.replaceAll(/^ {6}(\w+): /gm, '"$1":').replaceAll("\n", "");
        return `{${lines.slice(0, -1)}}`;
      });
      return `    ...JSON.parse(${JSON.stringify(`[${objects.join(",")}]`)}),\n`;
    });
}

const rows = /^ {2}tools: new Map\(\[\n((?: {4}\[.*\],\n)+) {2}\]\),$/m;
const row = /^( {4})\["(?:[^"\\]|\\.)*", (.*)\],$/gm;

/**
 * `generated/server.ts` with a list of the tools' handlers, whose names the surface says in the same order: a map of
 * them when a tool is first called.
 */
export function handlerTables(text: string): string {
  return text.replace(
    rows,
    (_table, lines: string) =>
      `  get tools() { return Object.defineProperty(this, "tools", { value: new Map([\n${lines.replaceAll(row, "$1$2,")}  ].map((one, index) => [surface.tools[index].name, one])) }).tools; },`,
  );
}
