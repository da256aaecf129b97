import type { IRegularForbiddenRuleType } from "dependency-cruiser";

type Restriction = Omit<IRegularForbiddenRuleType, "name" | "comment" | "severity">;
const rule = (
  name: string,
  comment: string,
  from: Restriction["from"],
  to: Restriction["to"],
): IRegularForbiddenRuleType => ({
  name,
  comment,
  severity: "error",
  from,
  to,
});
const door = (library: string, ...files: string[]): IRegularForbiddenRuleType =>
  rule(
    `${library}-has-one-door`,
    `Only ${files.join(" and ")} may import ${library}: it can be replaced and loaded late in one place.`,
    { path: "^(compiler|runtime)/", pathNot: `^compiler/(${files.join("|")})[.]ts$` },
    { path: `node_modules/${library}(/|$)` },
  );

const phase = "^compiler/[1-7]-[^/]+/";
const npm = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-bundled", "npm-no-pkg", "npm-unknown"] as const;

/** What ARCHITECTURE.md promises about who imports whom. */
export const rules: IRegularForbiddenRuleType[] = [
  rule("no-cycles", "A cycle is two modules that are really one.", {}, { circular: true }),
  rule(
    "everything-resolves",
    "An import that nobody can follow hides from every other rule.",
    {},
    { couldNotResolve: true },
  ),

  rule(
    "phases-share-data-not-code",
    "A phase knows the model it is handed, never the phase that made it.",
    { path: "^compiler/([1-7]-[^/]+)/" },
    { path: phase, pathNot: "^compiler/$1/" },
  ),
  rule(
    "phases-stand-on-the-foundation",
    "A phase stands on the model, the diagnostics and the host's interface only.",
    { path: phase },
    {
      path: "^compiler/",
      pathNot: [
        "^compiler/(model|diagnostics|json-schema|projections)/",
        "^compiler/(host|project-path|fingerprint|generated-header)[.]ts$",
        phase,
      ],
    },
  ),
  rule(
    "middle-phases-are-pure",
    "lower and emit never reach the outside world; check asks only what exists.",
    { path: "^compiler/[34]-" },
    { path: "^compiler/host" },
  ),
  rule(
    "the-cache-knows-no-phase",
    "The cache keeps plain data, whatever computes it.",
    { path: "^compiler/cache/" },
    { path: "^compiler/([1-7]-|host-node|dev|testing)" },
  ),
  rule(
    "model-is-data",
    "model/ holds types; it imports nothing.",
    { path: "^compiler/model/" },
    { pathNot: "^compiler/model/" },
  ),
  rule(
    "io-at-the-edge",
    "Only the Node host and the command line touch the machine; explain, vocabulary and compiler-fingerprint read their own package.",
    {
      path: "^compiler/",
      pathNot:
        "^compiler/(host-node/(typescript/)?[^/]+|cli|diagnostics/explain|tokens/vocabulary|cache/compiler-fingerprint)[.]ts$",
    },
    { dependencyTypes: ["core"], path: "^(node:)?(fs|child_process|process|http|https|net|os|vm|worker_threads)(/|$)" },
  ),
  door("ts-morph", "4-emit/module-names"),
  door("typescript", "host-node/typescript/(findings|process|session)"),
  door("ajv", "json-schema/(ajv|evaluated|unions)", "4-emit/validators", "2-check/(shape|schemas|precompiled)"),
  door("prettier", "4-emit/format"),
  door("jsonc-parser", "1-read/visit", "add/set-field"),
  door("glob", "host-node/find"),
  door("recheck", "2-check/runaway"),
  door(
    "esbuild",
    "7-bundle/assets",
    "7-bundle/bundler",
    "7-bundle/index",
    "7-bundle/entry-points",
    "7-bundle/esbuild",
    "7-bundle/examples",
    "7-bundle/generated-modules",
    "7-bundle/modules",
    "7-bundle/node-packages",
    "7-bundle/own-files",
    "7-bundle/regular-files",
    "7-bundle/runtime",
    "7-bundle/short-names",
  ),
  door("yaml", "import/openapi/document"),
  door("chokidar", "host-node/watch"),
  door("commander", "command-line", "option-values", "surface-commands", "project-commands"),
  door("@clack/prompts", "init/questions"),
  door("diff", "testing/pretty"),

  rule(
    "runtime-never-sees-compiler",
    "Not even for a type: servers deploy without the compiler.",
    { path: "^runtime/" },
    { path: "^compiler/" },
  ),
  rule(
    "compiler-sees-only-codegen",
    "The compiler knows the contract with emitted code and the versions of optional packages, and nothing behind it.",
    { path: "^compiler/" },
    { path: "^runtime/", pathNot: "^runtime/((dist/)?codegen/|package[.]json$)" },
  ),
  rule(
    "runtime-has-no-dependencies",
    "The runtime is what users audit; WebSocket frames, signed tokens, Redis and types of OpenTelemetry alone are somebody else's.",
    {
      path: "^runtime/",
      pathNot: [
        "^runtime/node/websocket[.]ts$",
        "^runtime/auth/jwt[.]ts$",
        "^runtime/store/redis/",
        "^runtime/telemetry/",
      ],
    },
    { dependencyTypes: [...npm] },
  ),
  rule(
    "protocol-stands-alone",
    "The protocol core is functions over messages.",
    { path: "^runtime/protocol/" },
    { path: "^runtime/", pathNot: "^runtime/protocol/" },
  ),
  rule(
    "transports-stand-on-the-protocol",
    "A transport knows the protocol and itself.",
    { path: "^runtime/transports/([^/]+)" },
    { path: "^runtime/", pathNot: ["^runtime/protocol/", "^runtime/transports/$1"] },
  ),
  rule(
    "rooms-stand-on-the-protocol",
    "What surrounds the handlers knows the protocol core and itself, so that each is absent where it is not declared.",
    { path: "^runtime/(config|auth|cache|limits|logging|telemetry|metrics|health|http-call|store|testing)/" },
    { path: "^runtime/", pathNot: ["^runtime/protocol/", "^runtime/$1/"] },
  ),
  rule(
    "node-only-in-node",
    "Everything else also runs on workers, Deno and Bun.",
    { path: "^runtime/", pathNot: "^runtime/node/" },
    { dependencyTypes: ["core"] },
  ),
  rule(
    "generated-code-is-the-only-way-in",
    "codegen is a list of exports; no room imports it.",
    { path: "^runtime/(protocol|transports|testing|node)/" },
    { path: "^runtime/codegen/" },
  ),
];
