import type { List } from "../../protocol/replace.js";

/** A message from the watching process to the serving one. */
export interface Load {
  /** The path of the version's module, built from `generated/main.ts`. */
  readonly module: string;
  /** Whether hooks or settings differ from those of the previous version. */
  readonly renewed: boolean;
  /** The port to reuse if the configured port is 0. */
  readonly port?: number;
}

/** Changed handlers, by the names of their entries. */
export interface Swapped {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** A message from the serving process to the watching one. */
export type Report =
  | { readonly kind: "loading" }
  | { readonly kind: "serving"; readonly transport: string; readonly port?: number; readonly lists: Lists }
  | { readonly kind: "swapped"; readonly handlers: Swapped; readonly notified: readonly List[]; readonly lists: Lists }
  | { readonly kind: "failed"; readonly error: string };

/** Hashes by list. */
export type Lists = Readonly<Record<List, string>>;
