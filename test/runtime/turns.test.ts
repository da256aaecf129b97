import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { createListener } from "../../runtime/node/http-listener.js";
import { largeMessage, takeTurn } from "../../runtime/transports/http/turns.js";
import { options } from "./doors.js";
import { serverWith } from "./surface.js";

const spin = (milliseconds: number): void => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

/** Takes the turns of callers in the order of their names, and returns the names in the order that they came in. */
function turns(names: readonly string[], work: (name: string) => void = () => {}): Promise<string[]> {
  const order: string[] = [];
  return new Promise((resolve) => {
    for (const name of names)
      takeTurn(name, () => {
        order.push(name);
        work(name);
        if (order.length === names.length) resolve(order);
      });
  });
}

beforeEach(async () => {
  // The queue of the test before comes to rest.
  await nextTurn();
  await nextTurn();
});

test("the first message is taken at once", () => {
  let taken = false;
  takeTurn("a", () => (taken = true));
  expect(taken).toBe(true);
});

test("callers take turns", async () => {
  expect(await turns(["a", "a", "a", "b", "b", "c"])).toEqual(["a", "a", "b", "c", "a", "b"]);
});

test("one is taken in each turn of the event loop", async () => {
  let loop = 0;
  const seen: number[] = [];
  let counting = true;
  const count = (): void => {
    loop += 1;
    if (counting) setImmediate(count);
  };
  count();
  await turns(["a", "a", "b", "a", "b"], () => seen.push(loop));
  counting = false;
  expect(new Set(seen).size).toBe(5);
});

test("a caller whose message took long waits nine times as long, and keeps nobody else waiting", async () => {
  const times: Record<string, number> = {};
  const end = (name: string): void => {
    if (name === "slow" && times["slow"] === undefined) spin(15);
    times[name === "slow" && times["slow"] !== undefined ? "slow again" : name] = performance.now();
  };
  const order = await turns(["slow", "slow", "b", "b", "c"], end);
  expect(order).toEqual(["slow", "b", "c", "b", "slow"]);
  expect(times["slow again"]! - times["slow"]!).toBeGreaterThan(9 * 15 - 2);

  const late = turns(["slow"]);
  let others = 0;
  await turns(["d", "e"], () => (others += 1));
  expect(others).toBe(2);
  await late;
});

test("of a message whose client hangs up while it waits nothing is left", async () => {
  let calls = 0;
  const server = serverWith({ count: () => String((calls += 1)) });
  const http = createServer(createListener(server, options)).listen(0, "127.0.0.1");
  onTestFinished(() => void http.close());
  await once(http, "listening");
  takeTurn("from 127.0.0.1", () => spin(100));
  const params = { name: "count", arguments: { text: "x".repeat(2 * largeMessage) } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const socket = connect((http.address() as AddressInfo).port, "127.0.0.1");
  socket.write(`POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`);
  socket.write(`accept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const ledger = server.ledger;
  while (ledger.bytes < body.length) await nextTurn();
  socket.destroy();
  while (ledger.count() > 0) await nextTurn();
  await turns(["from 127.0.0.1"]);
  expect([ledger.bytes, calls]).toEqual([0, 0]);
});
