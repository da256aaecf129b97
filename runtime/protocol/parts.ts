/**
 * Optional parts of the protocol. In a bundle, a name that is `true` removes its part from the code. Elsewhere the
 * names are undefined, and every part is present.
 */
declare global {
  var mcpcWithoutPrompts: true | undefined;
  var mcpcWithoutResources: true | undefined;
  var mcpcWithoutCompletion: true | undefined;
  var mcpcWithoutTasks: true | undefined;
  /** Standard input and output as a transport. */
  var mcpcWithoutStdio: true | undefined;
  /** HTTP and everything based on it. */
  var mcpcWithoutHttp: true | undefined;
  /** Lists of resources from handlers. */
  var mcpcWithoutLists: true | undefined;
  /** Lists that are read from files. */
  var mcpcWithoutListingFiles: true | undefined;
  /** Forms of listings for profiles of clients. */
  var mcpcWithoutProjections: true | undefined;
  /** Entries that differ for older revisions, unless files have those forms. */
  var mcpcWithoutOlderEntries: true | undefined;
  /** A server description that differs for older revisions. */
  var mcpcWithoutOlderServer: true | undefined;
  /** The first revision whose entries have the newest form. */
  var mcpcSameEntriesSince: string | undefined;
  /** Declared errors of tools. */
  var mcpcWithoutErrors: true | undefined;
  /** Time limits of handlers. */
  var mcpcWithoutTimeouts: true | undefined;
  /** Defaults of arguments. */
  var mcpcWithoutDefaults: true | undefined;
  /** Tools with an `outputSchema`. */
  var mcpcWithoutOutputs: true | undefined;
  /** Tools that declare the text beside structured content. */
  var mcpcWithoutTexts: true | undefined;
  /** Tools that limit the tokens of their results. */
  var mcpcWithoutResultTokens: true | undefined;
  /**
   * Questions to the client: no entry declares any, and no code names a function that asks (`sample`, `roots`,
   * `step`).
   */
  var mcpcWithoutAsking: true | undefined;
  /** State of sessions: no code names `session`. */
  var mcpcWithoutSessions: true | undefined;
  /** Cached results. */
  var mcpcWithoutCache: true | undefined;
  /** Entries that the hook `enabled` may hide: no code names it. */
  var mcpcWithoutEnabled: true | undefined;
  /** Authentication. */
  var mcpcWithoutAuth: true | undefined;
  /** Settings, hooks and authentication, which must be ready before the first request. */
  var mcpcWithoutApplication: true | undefined;
  /** Entries that other servers answer. */
  var mcpcWithoutUpstreams: true | undefined;
  /** State that replicas share. */
  var mcpcWithoutStore: true | undefined;
  /** External packages. */
  var mcpcWithoutExternal: true | undefined;
  /** Observers of requests: a declared log, telemetry, metrics, audit. */
  var mcpcWithoutObservers: true | undefined;
  /** Spans, metrics and contexts of OpenTelemetry. */
  var mcpcWithoutTelemetry: true | undefined;
  /** Metrics for Prometheus. */
  var mcpcWithoutMetrics: true | undefined;
  /** Headers of traces: no code names `traceHeaders`. */
  var mcpcWithoutTraceHeaders: true | undefined;
  /** Replacement of a server that is being served, which bundles never need. */
  var mcpcWithoutReplacing: true | undefined;
}

export {};
