import { parentPort } from "node:worker_threads";
import { examine, foresee, parseMemory, printMemory, typescript, type Examined } from "../6-typecheck/index.js";
import { HostError } from "../host.js";
import { nodeHost, recordFile } from "./index.js";
import { stayingHost, type StayingHost } from "./staying.js";
import type { Answer, Request } from "./typecheck-thread.js";

const ts = typescript();
/** What is known of the folder that was asked for last. */
let known: { readonly host: StayingHost; readonly last?: Partial<Pick<Examined, "memory" | "kept">> } | undefined;

parentPort!.on("message", (request: Request | string | undefined) => {
  if (request === undefined) return parentPort!.close();
  if (typeof request === "string") return attempt(() => prepare(request));
  const learnt = answer(request);
  // Nobody waits for that, and nobody misses it.
  if (learnt) attempt(() => recordFile(request.root, "types.json").write(printMemory(learnt, request.root)));
});

/** Of what is foreseen of a folder, nothing has to be read once there is a question. */
function prepare(root: string): void {
  if (known?.host.root === root) return;
  const host = stayingHost(nodeHost(root));
  known = { host, last: { kept: foresee(ts, host) } };
}

/** Answers, and returns what is to be remembered. */
function answer({ id, root, question, remember, recall }: Request): Examined["memory"] | undefined {
  const tell = (answer: Answer): void => parentPort!.postMessage(answer);
  try {
    if (known?.host.root !== root) known = { host: stayingHost(nodeHost(root)) };
    const { host, last } = known;
    host.again();
    const memory =
      remember && recall ? (last?.memory ?? parseMemory(recordFile(root, "types.json").read(), root)) : undefined;
    const { findings, ...learnt } = examine(ts, question, host, memory, last?.kept);
    known = { host, last: learnt };
    tell({ id, findings });
    return remember ? learnt.memory : undefined;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    tell({ id, refused: error.message });
    return undefined;
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}
