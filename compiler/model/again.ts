/**
 * What `make` makes, or made when it was last asked for with this key: of one `kind`, the same key means the same
 * outcome. For what a process that builds again and again need not work out again. An object is a key as the one that
 * it is: what has not changed since the last build often is the very same one.
 */
export type Again = <T>(kind: string, key: string | object, make: () => T) => T;

/** Remembers nothing. */
export const anew = <T>(_kind: string, _key: unknown, make: () => T): T => make();

/** The same for plain data, of which the key says all that it depends on, beside the compiler: left to later processes. */
export type Lasting = <T>(kind: string, key: string, make: () => T) => T;
