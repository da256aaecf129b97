/** Returns a function that computes a value on its first call. */
export function lazy<T>(make: () => T): () => T {
  let computed: { readonly value: T } | undefined;
  return () => (computed ??= { value: make() }).value;
}
