/** The properties of the platform's error console. */
export interface ErrorConsole {
  readonly isTerminal: boolean;
  /** Whether to print colours. `NO_COLOR` (no-color.org) with any value turns them off. */
  readonly hasColours: boolean;
}

interface Platform {
  readonly process?: {
    readonly stderr?: { readonly isTTY?: boolean };
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
}

export function errorConsole(): ErrorConsole {
  const { process } = globalThis as Platform;
  const isTerminal = process?.stderr?.isTTY === true;
  const { NO_COLOR: noColour = "", TERM: kind } = process?.env ?? {};
  return { isTerminal, hasColours: isTerminal && noColour === "" && kind !== "dumb" };
}
