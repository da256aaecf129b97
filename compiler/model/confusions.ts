/** Requests of users, each with the tool that should be chosen and those that must not be. */
export type Confusions = readonly {
  readonly ask: string;
  readonly expect: string;
  readonly not?: readonly string[];
}[];
