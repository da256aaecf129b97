// A thread that runs commands of the command line in this process. Its tests wait for each, as for a process of its own.
import { parentPort, workerData } from "node:worker_threads";

const { main } = await import(new URL("command-line.js", workerData.compiler));
const { typecheckThread } = await import(new URL("typecheck-thread.js", workerData.compiler));
const typeChecker = typecheckThread(true);
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
