import type { Auth, BearerKeys, OAuth } from "../model/server.js";
import type { Json } from "../model/source.js";
import { literal } from "./code.js";

const library = "@mcpc/runtime/codegen/v1";

/**
 * Prints the parts of `generated/server.ts` that authenticate callers: import statements, and a member of the options.
 */
export function authentication(auth: Auth): {
  readonly imports: readonly string[];
  readonly options: readonly string[];
} {
  const { bearer, oauth, hook, name, path, includes, requested } = auth;
  const introspects = oauth !== undefined && "introspection" in oauth.check;
  return {
    imports: [
      from("createAuthentication", "auth"),
      ...(bearer ? [from("bearer", "auth-bearer")] : []),
      ...(bearer?.file !== undefined ? [from("readText", "node-files")] : []),
      ...(oauth ? [from("oauth", "auth-oauth")] : []),
      ...(oauth ? [introspects ? from("introspection", "auth-introspection") : from("jwt", "auth-jwt")] : []),
      ...(hook ? [from("hook", "auth-hook")] : []),
    ],
    options: [
      "auth: createAuthentication({",
      `  name: ${literal(name)},`,
      `  path: ${literal(path)},`,
      `  includes: ${literal(includes as unknown as Json)},`,
      `  requested: ${literal(requested)},`,
      "  methods: [",
      ...(bearer ? [`    bearer(${bearerText(bearer)}),`] : []),
      ...(oauth ? [`    oauth(${oauthText(oauth)}),`] : []),
      ...(hook ? ["    hook(hooks.authenticate),"] : []),
      "  ],",
      "}),",
    ],
  };
}

function from(name: string, module: string): string {
  return `import { ${name} } from ${literal(`${library}/${module}`)};\n`;
}

function bearerText({ env, file, scopes }: BearerKeys): string {
  const members = [
    ...(env === undefined ? [] : [`env: ${literal(env)}`]),
    ...(file === undefined ? [] : [`file: { path: ${literal(file)}, read: readText }`]),
    `scopes: ${literal(scopes)}`,
  ];
  return `{ ${members.join(", ")} }`;
}

function oauthText({ check, ...options }: OAuth): string {
  const members = Object.entries(options).map(([key, value]) => `${key}: ${literal(value as Json)}`);
  const how =
    "introspection" in check
      ? `introspection(${literal(check.introspection as unknown as Json)})`
      : `jwt({ algorithms: ${literal(check.algorithms)} })`;
  return `{ ${[...members, `check: ${how}`].join(", ")} }`;
}
