// A thread that runs commands of the command line in this process. Its tests wait for each, as for a process of its own.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";

const { main } = await import(new URL("command-line.js", workerData.compiler));
const { typecheckThread } = await import(new URL("typecheck-thread.js", workerData.compiler));

const temporary = realpathSync(tmpdir());

/** Types are checked by a new process for each command, which answers the same for the same files: it is asked once. */
function askingOnce(thread) {
  const answers = new Map();
  return {
    // A process would be started that may have nothing to do.
    warmUp: () => {},
    typeChecker: (root, touched) => async (question) => {
      const key = keyOf(root, question);
      const known = answers.get(key);
      if (known !== undefined) return known;
      const findings = await thread.typeChecker(root, touched)(question);
      const isOwn = !findings.inputs.some((path) => path.startsWith("..") && resolve(root, path).startsWith(temporary));
      // An absolute path is not that of another project.
      if (key !== undefined && isOwn && !inspect(findings, { depth: null }).includes(root)) answers.set(key, findings);
      return findings;
    },
    end: () => thread.end(),
  };
}

/**
 * Fingerprint of all that decides about types: the question, the files of the project, and what lies beside its folder
 * and above. Undefined for a project of links or of packages further up, which may lead anywhere.
 */
function keyOf(root, { generated, texts, bound }) {
  const hash = createHash("sha256").update(JSON.stringify([generated, [...texts], bound]));
  const add = (file, name) => hash.update(JSON.stringify([name, readFileSync(file, "latin1")]));
  for (let folder = dirname(root); folder !== temporary; folder = dirname(folder)) {
    if (!folder.startsWith(temporary)) return undefined;
    for (const { name, ...entry } of entriesOf(folder)) {
      if (name === "node_modules" || !(entry.isFile || entry.isFolder)) return undefined;
      if (entry.isFile) add(entry.path, name);
      else if (!root.startsWith(entry.path + sep)) hash.update(JSON.stringify(name));
    }
  }
  for (const { path, isFile, isFolder } of entriesOf(root, true)) {
    if (!isFile && !isFolder) return undefined;
    const name = relative(root, path);
    if (isFile && !/^dist\b|\.lock\.json$/.test(name)) add(path, name);
  }
  return hash.digest("base64");
}

const entriesOf = (folder, recursive = false) =>
  readdirSync(folder, { recursive, withFileTypes: true })
    .map((entry) => ({
      name: entry.name,
      path: join(entry.parentPath, entry.name),
      isFile: entry.isFile(),
      isFolder: entry.isDirectory(),
    }))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1));

const typeChecker = askingOnce(typecheckThread(true));
parentPort.on("message", async ({ cwd, args, done, port }) => {
  const outcome = { stdout: "", stderr: "" };
  const into = (name) => ({ write: (text) => (outcome[name] += text) });
  outcome.code = await main(args, {
    ...{ cwd, env: process.env, typeChecker },
    ...{ stdout: into("stdout"), stderr: into("stderr") },
  });
  port.postMessage(outcome);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
});
