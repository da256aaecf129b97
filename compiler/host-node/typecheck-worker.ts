import { parentPort } from "node:worker_threads";
import { typecheck, typescript } from "../6-typecheck/index.js";
import { HostError } from "../host.js";
import { nodeHost, recordFile } from "./index.js";
import type { Answer, Question } from "./typecheck-thread.js";

typescript();
parentPort!.on("message", (question: Question) => parentPort!.postMessage(answerTo(question)));

function answerTo({ id, root, server, texts, remember, recall }: Question): Answer {
  const file = recordFile(root, "types.json");
  const state = { read: () => (recall ? file.read() : undefined), write: file.write };
  try {
    return { id, result: typecheck(server, texts, nodeHost(root), remember ? state : undefined) };
  } catch (error) {
    if (error instanceof HostError) return { id, refused: error.message };
    throw error;
  }
}
