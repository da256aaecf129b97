/** The properties of the platform's error console. */
export interface ErrorConsole {
  readonly isTerminal: boolean;
  /** Whether to print colours. `NO_COLOR` (no-color.org) with any value turns them off. */
  readonly hasColours: boolean;
}

interface Platform {
  readonly process?: {
    readonly stderr?: { readonly isTTY?: boolean; readonly writableLength?: number };
    readonly env?: Readonly<Record<string, string | undefined>>;
  };
}

/** The maximum number of unread bytes in memory. A reader that stalls must not fill the memory of the server. */
const maxUnreadBytes = 1024 * 1024;

/** Returns whether the error console takes more text. */
export function isErrorConsoleFull(): boolean {
  const { process } = globalThis as Platform;
  return (process?.stderr?.writableLength ?? 0) > maxUnreadBytes;
}

export function errorConsole(): ErrorConsole {
  const { process } = globalThis as Platform;
  const isTerminal = process?.stderr?.isTTY === true;
  const { NO_COLOR: noColour = "", TERM: kind } = process?.env ?? {};
  return { isTerminal, hasColours: isTerminal && noColour === "" && kind !== "dumb" };
}
