// A TCP proxy that cuts connections: each one after a number of bytes that a seed decides, on the way to the client or
// on the way to the server. Some ends are cut on one side alone, as behind a proxy that keeps its own side open.
import { connect, createServer } from "node:net";

/** A generator of pseudo-random numbers in [0, 1) (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many milliseconds the server's side outlives the client's where only that one is cut. */
const lateMs = 500;

/**
 * Starts a proxy in front of `target`. `share` of all connections are cut, except between `calm()` and `resume()`.
 * Returns the port, the number of cuts so far, and how to stop.
 */
export async function cuttingProxy(target, { seed, share }) {
  const next = random(seed);
  const sockets = new Set();
  let cuts = 0;
  let active = true;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    // Answers are a few hundred bytes, or a megabyte: bytes on a logarithmic scale hit heads, middles and ends.
    let budget = active && next() < share ? Math.floor(Math.exp(next() * Math.log(2_000_000))) : Infinity;
    const oneSided = next() < 0.3;
    let ended = false;
    const end = () => {
      client.destroy();
      if (oneSided) setTimeout(() => upstream.destroy(), lateMs).unref();
      else upstream.destroy();
    };
    const pass = (from, to) =>
      from.on("data", (data) => {
        if (to.destroyed || ended) return;
        if (active && data.length > budget) {
          ended = true;
          cuts += 1;
          to.write(data.subarray(0, budget), end);
          return;
        }
        budget -= data.length;
        if (to.write(data)) return;
        from.pause();
        to.once("drain", () => from.resume());
      });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        if (!ended) other.destroy();
      });
    }
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    cuts: () => cuts,
    calm: () => (active = false),
    resume: () => (active = true),
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
