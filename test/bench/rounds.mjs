// Rounds in which everything is measured in turn, so that what the machine does beside it falls on all alike.

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Half of the values lie between these. */
export const quartiles = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[sorted.length >> 2], sorted[(sorted.length * 3) >> 2]];
};

/** Measures each case once a round, after one round that does not count; the values of each, by its name. */
export async function rounds(count, cases, measure) {
  const values = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round <= count; round++) {
    for (const [name, subject] of Object.entries(cases)) {
      const value = await measure(subject, round === 0);
      if (round > 0) values[name].push(value);
    }
  }
  return values;
}

/** A row of the results: the median, and the ratio to a baseline of the same round, with where half of them lie. */
export function row(what, name, values, baseline, better = (value, base) => value / base) {
  const ratios = values.map((value, index) => better(value, baseline[index]));
  return { what, name, value: median(values), ratio: median(ratios), spread: quartiles(ratios) };
}
