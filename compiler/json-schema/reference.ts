/** What a `$ref` says: a place in the same schema, a file of the project, or a URI that would have to be fetched. */
export type Reference =
  | { readonly kind: "local"; readonly fragment: string }
  | { readonly kind: "file"; readonly file: string; readonly fragment: string }
  | { readonly kind: "remote" };

/** Takes a `$ref` apart (RFC 3986). `fragment` is decoded and without the `#`. */
export function splitReference(written: string): Reference {
  const hash = written.indexOf("#");
  const file = hash === -1 ? written : written.slice(0, hash);
  const fragment = decode(hash === -1 ? "" : written.slice(hash + 1));
  if (file === "") return { kind: "local", fragment };
  if (/^[a-z][a-z0-9+.-]+:/i.test(file) || file.startsWith("//")) return { kind: "remote" };
  return { kind: "file", file: decode(file), fragment };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
