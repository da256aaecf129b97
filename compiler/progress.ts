import type { Phase } from "./compile.js";

export interface Progress {
  onPhase(phase: Phase): void;
  /** Wipes the line, so that other output can stand there. */
  clear(): void;
}

export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const phases: Readonly<Record<Phase, string>> = {
  read: "reading the manifests",
  check: "checking the manifests",
  lower: "working out names and schemas",
  lint: "applying lint rules",
  emit: "generating code",
  write: "writing files",
  "type-check": "type-checking the handlers",
  bundle: "bundling",
};

/** Minimum duration of builds that show progress. */
const patienceMs = 400;
const wipe = "\r\u001b[2K";

/** Shows one line with the state of a long build. Shows nothing in a pipe, a log or a dumb terminal. */
export function progress(terminal: Terminal, env: NodeJS.ProcessEnv, now: () => number): Progress {
  if (!terminal.isTTY || env["CI"] || env["TERM"] === "dumb") return { onPhase: () => {}, clear: () => {} };
  const start = now();
  const names = Object.keys(phases);
  let shown = false;
  return {
    onPhase: (phase) => {
      if (now() - start < patienceMs) return;
      terminal.write(`${wipe}[${names.indexOf(phase) + 1}/${names.length}] ${phases[phase]}…`);
      shown = true;
    },
    clear: () => {
      if (shown) terminal.write(wipe);
      shown = false;
    },
  };
}
