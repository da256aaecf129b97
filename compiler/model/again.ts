/**
 * What `make` makes, or made when it was last asked for with this key: of one `kind`, the same key means the same
 * outcome. For what a process that builds again and again need not work out again.
 */
export type Again = <T>(kind: string, key: string, make: () => T) => T;
