import type { List } from "../../protocol/replace.js";

/** A message from the process that watches to the one that serves. */
export interface Load {
  /** The module of a version: what `generated/main.ts` became. */
  readonly module: string;
  /** Hooks or settings are others than those of the version before. */
  readonly renewed: boolean;
  /** The port to take once more, where any free one was asked for. */
  readonly port?: number;
}

/** Handlers by what they serve, as the log names them. */
export interface Swapped {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** A message from the process that serves to the one that watches. */
export type Report =
  | { readonly kind: "loading" }
  | { readonly kind: "serving"; readonly transport: string; readonly port?: number; readonly lists: Lists }
  | { readonly kind: "swapped"; readonly handlers: Swapped; readonly notified: readonly List[]; readonly lists: Lists }
  | { readonly kind: "failed"; readonly error: string };

/** A hash of each list. */
export type Lists = Readonly<Record<List, string>>;
