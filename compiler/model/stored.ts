/**
 * What a build leaves to later ones, by name: any value that can be cloned. Nothing where another compiler left it, or
 * it is damaged.
 */
export interface Stored {
  read(name: string): unknown;
  write(name: string, value: unknown): void;
}
