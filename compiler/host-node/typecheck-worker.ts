import { parentPort, workerData } from "node:worker_threads";
import { HostError } from "../host.js";
import type { Answer, Request } from "./typecheck-thread.js";
import { typescript, type TypeScript } from "./typescript/index.js";

const pid = workerData as Int32Array;
const running = (now = 0): void => void Atomics.store(pid, 0, now);
const tell = (answer: Answer): void => parentPort!.postMessage(answer);
/** That of the folder that was asked for last. */
let last: { readonly root: string; readonly typescript: TypeScript } | undefined;

parentPort!.on("message", (request: Request | string | undefined) => {
  if (request === undefined) {
    last?.typescript.end();
    return parentPort!.close();
  }
  if (typeof request === "string") return prepare(request);
  answer(request);
});

function of(root: string): TypeScript {
  if (last?.root !== root) {
    last?.typescript.end();
    last = { root, typescript: typescript(root, { running }) };
  }
  return last.typescript;
}

/** What goes wrong will once more, when somebody waits for the answer. */
function prepare(root: string): void {
  try {
    of(root).foresee();
  } catch {
    last?.typescript.end();
  }
}

function answer({ id, root, question, touched }: Request): void {
  try {
    tell({ id, findings: of(root).examine(question, touched) });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    tell({ id, refused: error.message });
  }
}
