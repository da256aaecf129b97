/** Splits a URI reference (RFC 3986) at `#`. The `fragment` is decoded and without `#`. */
export function splitReference(written: string): { readonly path: string; readonly fragment: string } {
  const hash = written.indexOf("#");
  if (hash === -1) return { path: written, fragment: "" };
  return { path: written.slice(0, hash), fragment: decoded(written.slice(hash + 1)) };
}

/**
 * Returns the file that a reference names, by a relative path, or by a URI in the folder of `id`, the URI of the
 * referring file; `undefined` for other references.
 */
export function referencedFile(written: string, id: string | undefined): string | undefined {
  const { path } = splitReference(written);
  if (path === "") return undefined;
  if (!isAbsolute(path)) return decoded(path);
  const folder = id?.replace(/[^/]*$/, "");
  return folder && /^https?:/.test(folder) && path.startsWith(folder) ? decoded(path.slice(folder.length)) : undefined;
}

/** Returns whether a reference begins with a scheme or an authority. */
export function isAbsolute(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]+:|\/\/)/i.test(path);
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
