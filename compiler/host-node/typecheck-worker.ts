import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { HostError } from "../host.js";
import type { Answer, WorkerOptions, TypecheckRequest } from "./typecheck-thread.js";
import { typescript, type TypeScript } from "./typescript/index.js";

const { pid, isOneShot } = workerData as WorkerOptions;
const onProcess = (id = 0): void => void Atomics.store(pid, 0, id);
const post = (answer: Answer): void => parentPort!.postMessage(answer);
/** TypeScript for the folder of the last request. */
let current: { readonly root: string; readonly typescript: TypeScript } | undefined;

parentPort!.on("message", onMessage);

function onMessage(request: TypecheckRequest | string | undefined): void {
  if (request === undefined) {
    current?.typescript.end();
    return parentPort!.close();
  }
  if (typeof request !== "string") return answer(request);
  // Queued requests precede the warm-up.
  const next = receiveMessageOnPort(parentPort!) as { readonly message: Parameters<typeof onMessage>[0] } | undefined;
  if (next) onMessage(next.message);
  else warmUp(request);
}

function typescriptFor(root: string): TypeScript {
  if (current?.root !== root) {
    current?.typescript.end();
    current = { root, typescript: typescript(root, { onProcess, isOneShot }) };
  }
  return current.typescript;
}

/** Loads a folder in advance. Errors are dropped, since they recur with the request. */
function warmUp(root: string): void {
  try {
    typescriptFor(root).warmUp();
  } catch {
    current?.typescript.end();
  }
}

function answer({ id, root, question, touched }: TypecheckRequest): void {
  try {
    post({ id, findings: typescriptFor(root).check(question, touched) });
    // A one-shot thread receives no further request for the folder.
    if (isOneShot) current?.typescript.end();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    post({ id, refused: error.message });
  }
}
