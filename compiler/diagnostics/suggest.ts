/** Returns the candidate nearest to a probably misspelt word; `undefined` if none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return allNearest(word, candidates, Math.max(1, Math.floor(word.length / 3)))[0];
}

/**
 * Returns the export that `name`, in the manifest's `field`, probably means: one with a similar name, one that shares
 * most words or the field's verb (`list…`, `complete…`), or else the default export.
 */
export function closestExport(name: string, exported: readonly string[], field: string): string | undefined {
  const plainName = plain(name);
  const same = exported.find((each) => plain(each) === plainName);
  const words = wordsOf(name);
  // Functions of one file often share one word.
  const isAkin = (each: string): boolean => {
    const others = wordsOf(each);
    const shared = words.filter((word) => others.includes(word)).length;
    const isOfField = words[0] === field && others[0] === field;
    return isOfField || shared * 2 > Math.max(words.length, others.length);
  };
  return same ?? nearest(name, exported) ?? exported.find(isAkin) ?? exported.find((each) => each === "default");
}

/** Returns the words of a name in camel case, without very common ones. */
function wordsOf(name: string): string[] {
  const words = name.match(/[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|\d+/g) ?? [];
  return words
    .map((word) => word.toLowerCase())
    .filter((word) => !/^(?:get|set|is|has|make|create|handler?)$/.test(word));
}

/** Returns the only candidate that differs by one or two edits; `undefined` if there is none, or several. */
export function certain(word: string, candidates: Iterable<string>): string | undefined {
  const found = allNearest(word, candidates, Math.min(2, Math.max(1, Math.floor(word.length / 3))));
  return found.length === 1 ? found[0] : undefined;
}

/** Returns the same for a key, unless another key of the object is that word or a misspelling of it. */
export function certainKey(
  key: string,
  keys: readonly string[],
  candidates: readonly string[],
  find: (word: string, candidates: readonly string[]) => string | undefined = certain,
): string | undefined {
  const meant = find(key, candidates);
  const contested = keys.some(
    (other) => other === meant || (other !== key && !candidates.includes(other) && find(other, candidates) === meant),
  );
  return contested ? undefined : meant;
}

/**
 * Returns the only candidate for which the word is a typing error: it differs only in case or separators, two
 * neighbours are swapped, a letter is missing or doubled or, in the vocabulary of a language, is another one. Merely
 * similar words, such as "uuid" and "ulid", have different meanings.
 */
export function slipOf(word: string, candidates: Iterable<string>, otherLetters: boolean): string | undefined {
  const found = [...candidates].filter((candidate) => isSlip(plain(word), plain(candidate), otherLetters));
  return found.length === 1 ? found[0] : undefined;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, "");
}

/** The minimum length. Shorter words are too similar to each other. */
const minSlipLength = 5;

function isSlip(word: string, meant: string, otherLetters: boolean): boolean {
  if (word === meant) return true;
  if (
    word.length < minSlipLength ||
    meant.length < minSlipLength ||
    word.replace(/\D/g, "") !== meant.replace(/\D/g, "")
  )
    return false;
  let at = 0;
  while (word[at] === meant[at]) at++;
  const rest = (text: string, from: number): string => text.slice(at + from);
  if (rest(word, 2) === rest(meant, 2) && word[at] === meant[at + 1] && word[at + 1] === meant[at]) return true;
  // The first letter is seldom wrong, and an additional last one often makes another word.
  if (at === 0) return false;
  if (rest(word, 0) === rest(meant, 1)) return true;
  if (rest(word, 1) === rest(meant, 0) && word[at] === word[at - 1]) return true;
  return otherLetters && at < meant.length && rest(word, 1) === rest(meant, 1);
}

/** Returns the candidates with the fewest edits, up to a maximum. */
function allNearest(word: string, candidates: Iterable<string>, most: number): string[] {
  if (word.length > 64) return [];
  let best: string[] = [];
  let least = most;
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) > least) continue;
    const found = distance(word.toLowerCase(), candidate.toLowerCase());
    if (found === least) best.push(candidate);
    else if (found < least) [best, least] = [[candidate], found];
  }
  return best;
}

/**
 * Returns the number of edits between words: insertions, deletions, replacements and swaps of neighbours (optimal
 * string alignment).
 */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + cost);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (before[column - 2] ?? 0) + 1);
      current.push(least);
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}
