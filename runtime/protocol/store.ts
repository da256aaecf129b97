import type { Environment } from "./environment.js";
import type { Change } from "./subscriber.js";
import type { TaskStore } from "./task-record.js";

/**
 * State that the replicas of a server share. Absent in a server on one machine, whose state is in memory.
 *
 * @typeParam S the server
 */
export interface SharedStore<S> {
  /** The random name of this replica. Ids of what only this replica has contain it. */
  readonly replica: string;
  /** Whether the store can be reached now. Otherwise its functions reject at once with `UnavailableError`. */
  readonly available: boolean;
  /** Reads the settings and connects. Resolves with the problems of the settings; an absent store is no problem. */
  start(server: S, environment: Environment): Promise<readonly string[]>;
  /** Disconnects after the last server of this store has stopped. */
  stop(server: S): Promise<void>;
  /**
   * Sends a change to the subscribers of all replicas. Resolves once the store has the change. Rejects with
   * `UnavailableError` if that takes too long; the change is sent later in that case, unless too many wait.
   */
  publish(change: Change): Promise<void>;
  /** Absent if no tool can become a task. */
  readonly tasks?: TaskStore;
}
