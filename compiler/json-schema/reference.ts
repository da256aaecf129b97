/** Takes a URI reference apart (RFC 3986). `path` is all before the `#`; `fragment` is decoded and without the `#`. */
export function splitReference(written: string): { readonly path: string; readonly fragment: string } {
  const hash = written.indexOf("#");
  if (hash === -1) return { path: written, fragment: "" };
  return { path: written.slice(0, hash), fragment: decoded(written.slice(hash + 1)) };
}

/**
 * The file that a reference names: by a relative path, or by a URI in the folder of `id`, the URI of the file that it stands
 * in. Undefined for any other reference.
 */
export function referencedFile(written: string, id: string | undefined): string | undefined {
  const { path } = splitReference(written);
  if (path === "") return undefined;
  if (!isAbsolute(path)) return decoded(path);
  const folder = id?.replace(/[^/]*$/, "");
  return folder && /^https?:/.test(folder) && path.startsWith(folder) ? decoded(path.slice(folder.length)) : undefined;
}

/** Whether a reference begins with a scheme or an authority. */
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
