/**
 * Returns a function that hashes names, so that keys in the store are short and reveal nobody. It remembers the last
 * ones.
 */
export function createDigests(maxNames: number): (name: string) => Promise<string> {
  const digests = new Map<string, Promise<string>>();
  return (name) => {
    const known = digests.get(name) ?? digest(name);
    digests.delete(name);
    digests.set(name, known);
    if (digests.size > maxNames) digests.delete(digests.keys().next().value!);
    return known;
  };
}

/** Returns the first half of the SHA-256 of a text, in hexadecimal digits. */
export async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
