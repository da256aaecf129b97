import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { workerNumber } from "../../runtime/node/worker-number.js";
import { call, pidsOf, records, script, start, textOf, until } from "./crew.js";
import { processes, project } from "./project.js";

const send = Object.getOwnPropertyDescriptor(process, "send");
afterEach(() => {
  vi.unstubAllEnvs();
  if (send === undefined) delete process.send;
  else Object.defineProperty(process, "send", send);
});

test.each([
  ["a worker", () => true, 2],
  ["a process that a worker starts", undefined, undefined],
])("the number of %s", (_, value, number) => {
  vi.stubEnv("MCPC_WORKER", "2");
  Object.defineProperty(process, "send", { configurable: true, value });
  expect(workerNumber()).toBe(number);
});

test("output without a line end is printed in parts, and the rest at the end of its worker", async () => {
  const server = await start({}, "2");
  await call(server.url, "print", { text: "long ", times: 400_000 });
  await until(() => expect(server.stderr()).toContain("long long "));
  const pid = textOf(await call(server.url, "print", { text: "unfinished", times: 1 }));
  process.kill(Number(pid), "SIGKILL");
  await until(() => expect(server.stderr()).toMatch(/unfinished$/m));
});

test("workers that end all at once come back, and a new address is announced", async () => {
  const server = await start({}, "2");
  const before = await pidsOf(server, 2);
  for (const pid of before) process.kill(Number(pid), "SIGKILL");
  const url = (): URL =>
    new URL(
      server
        .stderr()
        .match(/(?<=^listening on ).+$/gm)!
        .at(-1)!,
    );
  await until(async () => expect([...before]).not.toContain(textOf(await call(url(), "who"))));
});

test("a worker whose event loop is blocked is killed after a second signal", async () => {
  const server = await start({}, "2");
  await pidsOf(server, 2);
  const file = join(project({}), "begun");
  call(server.url, "block", { file }).catch(() => {});
  await until(() => expect(existsSync(file)).toBe(true));
  const ended = once(server.process, "close");
  server.process.kill("SIGTERM");
  // The other worker has stopped, so the first signal has arrived.
  await until(() => expect(records(server).map(({ message }) => message)).toContain("closed"));
  server.process.kill("SIGTERM");
  expect(await ended).toEqual([1, null]);
  expect(processes(script)).toEqual([]);
});
