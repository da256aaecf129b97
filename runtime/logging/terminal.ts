/** The platform's error console; nothing where it has no terminal. */
export interface ErrorConsole {
  readonly isTerminal: boolean;
  /** `NO_COLOR` (no-color.org) says otherwise, whatever its value. */
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
