import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { HostError } from "../host.js";
import type { Answer, Given, Request } from "./typecheck-thread.js";
import { typescript, type TypeScript } from "./typescript/index.js";

const { pid, isOneShot } = workerData as Given;
const running = (now = 0): void => void Atomics.store(pid, 0, now);
const tell = (answer: Answer): void => parentPort!.postMessage(answer);
/** TypeScript for the folder of the last request. */
let last: { readonly root: string; readonly typescript: TypeScript } | undefined;

parentPort!.on("message", hear);

function hear(request: Request | string | undefined): void {
  if (request === undefined) {
    last?.typescript.end();
    return parentPort!.close();
  }
  if (typeof request !== "string") return answer(request);
  // Queued requests come before the warm-up.
  const next = receiveMessageOnPort(parentPort!) as { readonly message: Parameters<typeof hear>[0] } | undefined;
  if (next) hear(next.message);
  else prepare(request);
}

function of(root: string): TypeScript {
  if (last?.root !== root) {
    last?.typescript.end();
    last = { root, typescript: typescript(root, { running, isOneShot }) };
  }
  return last.typescript;
}

/** Drops errors: they occur once more at the request. */
function prepare(root: string): void {
  try {
    of(root).warmUp();
  } catch {
    last?.typescript.end();
  }
}

function answer({ id, root, question, touched }: Request): void {
  try {
    tell({ id, findings: of(root).examine(question, touched) });
    // There will hardly be another request.
    if (isOneShot) last?.typescript.end();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    tell({ id, refused: error.message });
  }
}
