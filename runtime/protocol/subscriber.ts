export interface Abortable {
  abort(reason: unknown): void;
}

/** A change that clients may have subscribed to. */
export type Change =
  { readonly kind: "tools" | "prompts" | "resources" } | { readonly kind: "resource"; readonly uri: string };

export interface Subscriber {
  /** Delivers a change, with its position in the log of a store. It must neither throw nor wait. */
  deliver(change: Change, position?: string): void;
  /** Delivers a change of everything that is subscribed to, because changes are lost. */
  deliverAll?(): void;
  /** Ends the subscription, because the server stops. */
  end(): void;
  /** Closes the connection after the last answer. */
  close?(): void;
}
