import { storeAway } from "./connection.js";

/** The maximum number and characters of what waits for the store in this process. One caller may take a quarter. */
export interface WaitingLimits {
  readonly places: number;
  readonly characters: number;
}

export interface WaitingRoom {
  /**
   * Takes a place for a text, of a caller or of the server itself. Returns a function that leaves it. Throws
   * `UnavailableError` if there is no room.
   */
  enter(characters: number, caller: string | undefined): () => void;
}

export const defaultLimits: WaitingLimits = { places: 1024, characters: 4 * 1024 * 1024 };

/** The places and characters taken by all callers, or by one. */
interface Account {
  readonly share: number;
  places: number;
  characters: number;
}

export function createWaitingRoom(limits: WaitingLimits = defaultLimits): WaitingRoom {
  const total: Account = { share: 1, places: 0, characters: 0 };
  const callers = new Map<string, Account>();
  return {
    enter(characters, caller) {
      const own =
        caller === undefined ? undefined : (callers.get(caller) ?? { share: 1 / 4, places: 0, characters: 0 });
      const accounts = own === undefined ? [total] : [total, own];
      for (const { share, ...taken } of accounts)
        if (taken.places >= share * limits.places || taken.characters + characters > share * limits.characters)
          throw storeAway("too much waits for the store");
      for (const account of accounts) {
        account.places += 1;
        account.characters += characters;
      }
      if (own !== undefined) callers.set(caller!, own);
      return () => {
        for (const account of accounts) {
          account.places -= 1;
          account.characters -= characters;
        }
        if (own?.places === 0) callers.delete(caller!);
      };
    },
  };
}
