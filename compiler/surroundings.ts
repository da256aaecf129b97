import type { Phase } from "./compile.js";
import type { TypecheckThread } from "./host-node/typecheck-thread.js";
import type { Terminal } from "./progress.js";

/** The exit codes of the command. */
export const exit = { clean: 0, errors: 1, usage: 2, bug: 70 } as const;

/** Environment of a command: the properties of its process. */
export interface Surroundings {
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Type checker that several commands share. */
  readonly typeChecker?: TypecheckThread;
}

/** Surroundings of a command, and the functions that take its results. */
export interface Context extends Surroundings {
  readonly onPhase: (phase: Phase) => void;
  /** Prints an error, and returns its exit code. */
  readonly report: (error: unknown) => number;
  /** Sets the exit code. */
  readonly end: (code: number) => void;
}

export function isColored({ isTTY }: Terminal, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && !env["NO_COLOR"];
}
