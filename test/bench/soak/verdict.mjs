// Whether a server that was looked at again and again holds on to more and more.

const megabyte = 1024 * 1024;

/** The memory and connections of a Redis: used states and answers between replicas stay for some time. */
export const redisLimits = { memory: megabyte / 4, connections: 0 };

/**
 * How much of each the last third may have more than the second: memory after garbage collection varies by code that is
 * compiled late, resident memory by what the collector gives back; of handles and open files there is no more than one.
 */
const processLimits = { heap: megabyte / 4, external: megabyte / 4, rss: 12 * megabyte, handles: 0, files: 0 };

/** The samples of one server, in the order of time, without those of the warm-up: the medians, and what has grown. */
export function verdict(samples, limits = processLimits) {
  if (samples.length < 6) throw new Error("too few samples to tell anything: let it run longer");
  const third = Math.floor(samples.length / 3);
  const second = samples.slice(-2 * third, -third);
  const last = samples.slice(-third);
  return Object.entries(limits).map(([what, most]) => {
    const [before, after] = [second, last].map((rows) => median(rows.map((row) => row[what])));
    return { what, before, after, grows: !(after - before <= most) };
  });
}

/** The lower of the two in the middle: a number that was measured. */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
}
