// Pairs of short runs, so that what the machine does beside them falls on both of what is compared.

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Half of the values lie between these. */
export const quartiles = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[sorted.length >> 2], sorted[(sorted.length * 3) >> 2]];
};

/**
 * Measures each case next to its baseline, which is another case: now the one first and now the other, in `count` rounds
 * after one that does not count. By the name of each case, pairs of its value and its baseline's.
 */
export async function paired(count, cases, baselineOf, measure) {
  const pairs = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  const measured = (name) => measure(cases[name], name);
  for (let round = 0; round <= count; round++) {
    for (const name of Object.keys(cases)) {
      const baseline = baselineOf(name);
      if (baseline === name) continue;
      const first = round % 2 === 0 ? await measured(baseline) : undefined;
      const value = await measured(name);
      const base = first ?? (await measured(baseline));
      if (round === 0) continue;
      pairs[name].push([value, base]);
      pairs[baseline].push([base, base]);
    }
  }
  return pairs;
}

/** A row of the results: the median, and the ratio to the baseline next to it, with where half of the ratios lie. */
export function row(what, name, pairs) {
  const ratios = pairs.map(([value, base]) => value / base);
  return { what, name, value: median(pairs.map(([value]) => value)), ratio: median(ratios), spread: quartiles(ratios) };
}
