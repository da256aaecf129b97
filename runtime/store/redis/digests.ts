import { fingerprint } from "../../protocol/fingerprint.js";

/**
 * Returns a function that hashes names, so that keys in the store are short and reveal nobody. It remembers the last
 * ones.
 */
export function createDigests(maxNames: number): (name: string) => Promise<string> {
  const digests = new Map<string, Promise<string>>();
  return (name) => {
    const known = digests.get(name) ?? fingerprint(name);
    digests.delete(name);
    digests.set(name, known);
    if (digests.size > maxNames) digests.delete(digests.keys().next().value!);
    return known;
  };
}
