/**
 * Parts of the protocol that a server may not use. Where a server is bundled, these names stand for constants, and what
 * they rule out is left out of the bundle; anywhere else they are undefined, and all is there.
 */
declare global {
  var mcpcWithoutPrompts: true | undefined;
  var mcpcWithoutResources: true | undefined;
  var mcpcWithoutCompletion: true | undefined;
  var mcpcWithoutTasks: true | undefined;
  /** Standard input and output as a transport. */
  var mcpcWithoutStdio: true | undefined;
  /** HTTP, and what stands on it. */
  var mcpcWithoutHttp: true | undefined;
  /** Lists of resources that handlers make. */
  var mcpcWithoutLists: true | undefined;
  /** Lists that are read from files, ready-made. */
  var mcpcWithoutListingFiles: true | undefined;
  /** Entries of which older revisions are told something else, unless that is in files. */
  var mcpcWithoutOlderEntries: true | undefined;
  /** The same of the server itself. */
  var mcpcWithoutOlderServer: true | undefined;
  /** The first revision that is told every entry as the newest is. */
  var mcpcSameEntriesSince: string | undefined;
  /** Errors that tools declare. */
  var mcpcWithoutErrors: true | undefined;
  /** Time limits of handlers. */
  var mcpcWithoutTimeouts: true | undefined;
  /** Defaults of tools' arguments. */
  var mcpcWithoutDefaults: true | undefined;
  /** Tools with an `outputSchema`. */
  var mcpcWithoutOutputs: true | undefined;
  /** Questions to the client: no entry declares any, and no code names what asks (`sample`, `roots`, `step`). */
  var mcpcWithoutAsking: true | undefined;
  /** State of sessions: no code names `session`. */
  var mcpcWithoutSessions: true | undefined;
  /** Results that are kept. */
  var mcpcWithoutCache: true | undefined;
  /** Entries that the hook `enabled` may hide: no code names it. */
  var mcpcWithoutEnabled: true | undefined;
  /** Callers who say who they are. */
  var mcpcWithoutAuth: true | undefined;
  /** Settings, hooks, callers: what has to be ready before the first request. */
  var mcpcWithoutApplication: true | undefined;
  /** Packages that are not in the bundle. */
  var mcpcWithoutExternal: true | undefined;
  /** Servers that are replaced while they serve: never in a bundle. */
  var mcpcWithoutReplacing: true | undefined;
}

export {};
