// Makes a fresh clone ready: dependencies when the lock file is newer than what is installed, then the packages.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

// What `npm pack` was told, which runs this, is not told to the npm that installs.
const own = /^npm_config_(?:workspaces?|dry_run|json|pack_destination)$/;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));

/** Runs npm or a tool of node_modules, its output on stderr. */
function run(command, ...args) {
  execFileSync(command, args, { cwd: root, env, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
}

/** A file that says what it said stays as old as it was: what was made with it still holds. */
function write(file, text) {
  if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) fs.writeFileSync(file, text);
}

/** In few files, the compiler is loaded in half the time. What it depends on stays apart. */
async function bundleCompiler() {
  const { build } = await import("esbuild");
  const folder = at("compiler", "dist");
  const entries = [
    "cli",
    "command-line",
    "index",
    "resident",
    "2-check/precompiled",
    "host-node/typecheck-thread",
    "host-node/typecheck-worker",
    "host-node/builder-worker",
  ];
  const { outputFiles } = await build({
    absWorkingDir: at("compiler"),
    entryPoints: entries.map((entry) => ({ in: `${entry}.ts`, out: entry.split("/").at(-1) })),
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    sourcemap: true,
    write: false,
  });
  const made = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const name of fs.readdirSync(folder).filter((name) => /\.js(\.map)?$/.test(name)))
    if (!made.has(join(folder, name))) fs.rmSync(join(folder, name));
  for (const [file, text] of made) write(file, text);
}

/**
 * The vocabulary of a tokenizer as one small file: a line of JSON, then the tokens in the order of their bytes, each as its
 * length in a byte, its rank in three, and its bytes. The package itself is 30 MB, and takes 300 ms to load.
 */
async function packVocabulary() {
  const folder = at("node_modules", "gpt-tokenizer");
  const { version } = JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8"));
  const from = `gpt-tokenizer ${version}, o200k_base`;
  const file = at("compiler", "dist", "o200k_base.tokens");
  const known = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  if (known.subarray(0, known.indexOf(10)).includes(JSON.stringify(from))) return;
  const { default: ranks } = await import("gpt-tokenizer/bpeRanks/o200k_base");
  const { O200K_TOKEN_SPLIT_REGEX: split } = await import("gpt-tokenizer/encodingParams/constants");
  const license = fs.readFileSync(join(folder, "LICENSE"), "utf8");
  const tokens = Array.from(ranks, (token, rank) => ({ bytes: Buffer.from(token), rank }));
  tokens.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const packed = tokens.flatMap(({ bytes, rank }) => [
    Buffer.of(bytes.length, rank & 255, (rank >> 8) & 255, rank >> 16),
    bytes,
  ]);
  const head = JSON.stringify({ from, count: tokens.length, split: split.source, license });
  fs.writeFileSync(file, Buffer.concat([Buffer.from(`${head}\n`), ...packed]));
}

/**
 * The manifest language with help as editors show it: Markdown has a keyword of its own, and what a `$ref` leads to must
 * not hide what is said where it stands.
 */
function forEditors(schema) {
  const help = (description) => ({ description, markdownDescription: description });
  const { $defs, ...rest } = schema;
  const helped = (value) =>
    JSON.parse(JSON.stringify(value), (_key, node) => {
      const description = node?.description ?? $defs[/^#\/\$defs\/(\w+)$/.exec(node?.$ref)?.[1]]?.description;
      return typeof description === "string" ? { ...node, ...help(description) } : node;
    });
  const definitions = Object.entries($defs).map(([name, { description: _, ...node }]) => [name, helped(node)]);
  return { ...helped(rest), $defs: Object.fromEntries(definitions) };
}

/** A page as the package carries it: a link to what only the repository has becomes its text. */
function packaged(page, carried) {
  const codeOrLink = /^```[^]*?^```$|`[^`\n]*`|\[([^[\]]*)\]\(([^)\s#]*)(?:#[^)\s]*)?\)/gm;
  return fs.readFileSync(at(page), "utf8").replace(codeOrLink, (found, text, target = "") => {
    const isKept = target === "" || /^https?:/.test(target) || carried.has(posix.join(posix.dirname(page), target));
    return isKept ? found : text;
  });
}

const stamp = at("node_modules", ".mcpc-installed");
const lock = fs.readFileSync(at("package-lock.json"), "utf8");
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== lock) {
  run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
  // The newer Node that one test carries must not become the `node` of npm's scripts.
  fs.rmSync(at("node_modules", ".bin", "node"), { force: true });
  fs.writeFileSync(stamp, lock);
}

run(process.execPath, at("node_modules", "typescript", "bin", "tsc"), "-b");
await bundleCompiler();
await packVocabulary();

// What the packages carry from the top of the tree.
if (fs.existsSync(at("LICENSE")))
  for (const folder of ["compiler", "compiler/create", "runtime"])
    fs.copyFileSync(at("LICENSE"), at(folder, "LICENSE"));
fs.rmSync(at("compiler", "docs"), { recursive: true, force: true });
if (fs.existsSync(at("docs"))) {
  fs.mkdirSync(at("compiler", "docs"));
  const pages = ["README.md", ...fs.readdirSync(at("docs")).map((name) => `docs/${name}`)];
  const carried = new Set([...pages, "LICENSE", "mcp.schema.json"]);
  for (const page of pages) write(at("compiler", page), packaged(page, carried));
}
const schema = forEditors(JSON.parse(fs.readFileSync(at("mcp.schema.json"), "utf8")));
write(at("compiler", "mcp.schema.json"), `${JSON.stringify(schema, null, 2)}\n`);
const { precompiled } = await import(pathToFileURL(at("compiler", "dist", "precompiled.js")).href);
for (const [name, text] of precompiled(schema)) write(at("compiler", "dist", name), text);
fs.rmSync(at("compiler", "fixtures"), { recursive: true, force: true });
for (const folder of ["invalid", "lint"])
  if (fs.existsSync(at("fixtures", folder)))
    fs.cpSync(at("fixtures", folder), at("compiler", "fixtures", folder), {
      recursive: true,
      filter: (path) => fs.statSync(path).isDirectory() || path.endsWith("expected.txt"),
    });

fs.chmodSync(at("compiler", "dist", "cli.js"), 0o755);
// npm links no command that is not compiled yet.
const command = at("node_modules", ".bin", "mcpc");
if (process.platform !== "win32" && !fs.existsSync(command)) {
  fs.rmSync(command, { force: true });
  fs.symlinkSync(join("..", "..", "compiler", "dist", "cli.js"), command);
}
