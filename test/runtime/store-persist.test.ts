import { describe, expect, onTestFinished, test, vi } from "vitest";
import { storeAway, type RedisConnection } from "../../runtime/store/redis/connection.js";
import { createPersistence, type PersistOptions } from "../../runtime/store/redis/persist.js";
import { createRedisStore } from "../../runtime/store/redis/store.js";

/** Writes to a store that is away until `back` is called. */
function away() {
  const listeners = new Set<() => void>();
  const connection = {
    available: false,
    onAvailable(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const back = (): void => {
    connection.available = true;
    for (const listener of [...listeners]) listener();
  };
  const { persist, close } = createPersistence(connection as unknown as RedisConnection);
  const write = async (): Promise<string> => {
    if (!connection.available) throw new Error("away");
    return "written";
  };
  const wait = (options?: PersistOptions): Promise<string> =>
    persist(write, options).catch((error: unknown) => (error as Error).message);
  return { wait, back, close, listeners };
}

const tooMuch = "too much waits for the store; try again in a moment";

describe("writes that wait for the store", () => {
  test.each<[what: string, options: PersistOptions, count: number]>([
    ["in number", { caller: "ada" }, 256],
    ["in characters", { caller: "ada", characters: 256 * 1024 }, 4],
    ["in number, without a caller", {}, 1024],
    ["in characters, without a caller", { characters: 1024 * 1024 }, 4],
  ])("are bounded %s, and those of one caller leave room for others", async (_, options, count) => {
    const { wait, back, listeners } = away();
    const waiting = Array.from({ length: count }, () => wait(options));
    expect(await wait(options)).toBe(tooMuch);
    const other = wait({ caller: "bob", characters: 1 });
    await vi.waitFor(() => expect(listeners.size).toBe(options.caller === undefined ? count : count + 1));
    back();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["written"]));
    expect(await other).toBe(options.caller === undefined ? tooMuch : "written");
    expect(await wait(options)).toBe("written");
  });

  test("are given up when the server stops", async () => {
    const { wait, close, listeners } = away();
    const waiting = wait();
    await vi.waitFor(() => expect(listeners.size).toBe(1));
    close();
    expect(await waiting).toBe("away");
    expect(listeners.size).toBe(0);
  });

  test("leave their place when they are given up: messages of clients after ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { retry } = createRedisStore({ url: "redis://unused", prefix: "test:", commandTimeoutMs: 1000 });
    const work = vi.fn(() => Promise.reject(storeAway("busy")));
    const send = (): Promise<string> => retry(work, "ada").catch((error: unknown) => (error as Error).message);
    const refused = async (messages: readonly Promise<string>[]): Promise<ReadonlySet<string>> => {
      await vi.advanceTimersByTimeAsync(10_000);
      return new Set(await Promise.all(messages));
    };
    for (let time = 0; time < 2; time += 1) {
      const messages = Array.from({ length: 256 }, send);
      expect(await send()).toBe(tooMuch);
      expect(await refused(messages)).toEqual(new Set(["busy; try again in a moment"]));
      expect(work).toHaveBeenCalledTimes(256 * (time + 1));
    }
  });
});
