import { onTestFinished, vi } from "vitest";

/**
 * Takes what the test prints to the error console, and reports as many unread bytes of it as `unread` says: a pipe that
 * nobody reads fills slowly, and only in a process of its own.
 */
export function unreadConsole(): { readonly lines: string[]; unread: number } {
  const state = { lines: [] as string[], unread: 0 };
  vi.spyOn(console, "error").mockImplementation((text: string) => void state.lines.push(...text.split("\n")));
  const own = Object.getOwnPropertyDescriptor(process.stderr, "writableLength");
  Object.defineProperty(process.stderr, "writableLength", { configurable: true, get: () => state.unread });
  onTestFinished(() => {
    vi.restoreAllMocks();
    if (own === undefined) delete (process.stderr as { writableLength?: number }).writableLength;
    else Object.defineProperty(process.stderr, "writableLength", own);
  });
  return state;
}
