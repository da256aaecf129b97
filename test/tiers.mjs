// The tests of everyday work: units, and one test of each capability end to end. `npm test -- --all` runs all others, too.

/** Files and folders. */
export const everyday = [
  "test/compiler",
  "test/runtime",
  "test/house",
  ...[
    "cached",
    "clients-hear",
    "defaults",
    "dev/guide",
    "hooks",
    "in-memory",
    "mounting",
    "oauth",
    "outputs",
    "schemas",
    "secure",
    "transports",
    "websocket",
  ].map((name) => `test/e2e/${name}.test.ts`),
];

/** Files of these folders that take long. */
export const long = [
  ...[
    "contradictions",
    "diff/schemas",
    "file-snapshot",
    "forms",
    "import-openapi",
    "invalid",
    "lean-code",
    "type-witness",
    "without-annotations",
  ].map((name) => `test/compiler/${name}.test.ts`),
  ...[
    "adversary",
    "back-pressure",
    "store-cluster",
    "store-connection",
    "store-inbox",
    "store-ledger",
    "store-tasks",
    "stored-records",
    "stored-runs",
    "stored-sessions",
    "upstream",
  ].map((name) => `test/runtime/${name}.test.ts`),
  ...["gate-tutorial", "packages", "test-types"].map((name) => `test/house/${name}.test.ts`),
];
