import type { Family, Labels, Sample } from "./exposition.js";

/** A number of events, by labels. */
export interface Counter {
  add(labels: Labels): void;
  /** Adds a series without events. */
  declare(labels: Labels): void;
  readonly family: Family;
}

/** A distribution, by labels. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
  readonly family: Family;
}

export function createCounter(name: string, help: string): Counter {
  const series = new Map<string, { readonly labels: Labels; value: number }>();
  const add = (labels: Labels, events: number): void => {
    const key = JSON.stringify(labels);
    const found = series.get(key);
    if (found === undefined) series.set(key, { labels, value: events });
    else found.value += events;
  };
  return {
    add: (labels) => add(labels, 1),
    declare: (labels) => add(labels, 0),
    get family(): Family {
      return { name, help, type: "counter", samples: [...series.values()] };
    },
  };
}

interface Distribution {
  readonly labels: Labels;
  /** The numbers of values per bucket, not cumulated; the last one has no upper bound. */
  readonly counts: number[];
  sum: number;
}

export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const series = new Map<string, Distribution>();
  return {
    observe(labels, value) {
      const key = JSON.stringify(labels);
      let found = series.get(key);
      if (found === undefined) series.set(key, (found = { labels, counts: Array(bounds.length + 1).fill(0), sum: 0 }));
      const at = bounds.findIndex((bound) => value <= bound);
      found.counts[at === -1 ? bounds.length : at]! += 1;
      found.sum += value;
    },
    get family(): Family {
      return { name, help, type: "histogram", samples: [...series.values()].flatMap((one) => samplesOf(one, bounds)) };
    },
  };
}

function samplesOf({ labels, counts, sum }: Distribution, bounds: readonly number[]): Sample[] {
  let count = 0;
  const buckets = counts.map((own, index): Sample => {
    count += own;
    const bound = bounds[index];
    return { suffix: "_bucket", labels: { ...labels, le: bound === undefined ? "+Inf" : String(bound) }, value: count };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: count }];
}
