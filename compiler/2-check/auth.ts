import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import type { Json, Located, SourceFile, Span } from "../model/source.js";
import type { Merged } from "./merge.js";

/**
 * Members in which users write secrets. The shape allows none of them; a specific message helps more than "no such
 * field".
 */
const secrets: readonly SecretRule[] = [
  [
    ["auth", "bearer"],
    ["key", "keys", "token", "tokens", "secret", "secrets"],
    'name the environment variable or the file that holds the keys: "env" or "file"',
  ],
  [
    ["auth", "oauth", "introspection"],
    ["clientSecret"],
    'name the environment variable that holds it: "clientSecret": { "env": "NAME" }',
  ],
  [
    ["store", "redis", "sentinel"],
    ["password"],
    'name the environment variable that holds it: "password": { "env": "NAME" }',
  ],
  [
    ["store", "redis"],
    ["url"],
    'name the environment variable that holds the URL: "url": { "env": "REDIS_URL" }',
    (value) => typeof value === "string" && /:\/\/[^/?#]*@/.test(value),
  ],
];

/** Members of an object in `runtime` that are secrets, in general or if their value is one. */
type SecretRule = readonly [
  path: readonly string[],
  keys: readonly string[],
  instead: string,
  isSecret?: (value: Json) => boolean,
];

/** A secret in a manifest. */
export interface WrittenSecret {
  /** Span from the key to the end of the value. */
  readonly extent: Span;
  readonly diagnostic: Diagnostic;
}

export function findSecrets({ root }: SourceFile): WrittenSecret[] {
  const runtime = at(root, ["runtime"]);
  return secrets.flatMap(([path, keys, instead, isSecret = () => true]) => {
    const node = runtime && at(runtime, path);
    if (node?.kind !== "object") return [];
    return node.members
      .filter(({ key, node: value }) => keys.includes(key) && value.kind !== "object" && isSecret(value.value))
      .map(({ key, keySpan, node: value }) => ({
        extent: { ...keySpan, end: value.span.end },
        diagnostic: diagnose("auth/secret-in-manifest", keySpan, { property: key, instead }),
      }));
  });
}

/** Whether a module of hooks exports a function `authenticate` by name, in any form of export. */
export function exportsAuthenticate(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  return /\bexport\s+(?:(?:async\s+)?function\s*\*?|const|let|var)\s+authenticate\b|\bexport\s*\{[^}]*\bauthenticate\s*[,}]/.test(
    code,
  );
}

/** Checks the authentication settings. `hooked`: the module of hooks has a function `authenticate`. */
export function checkAuth(merged: Merged, hooked: boolean, diagnostics: Diagnostic[]): void {
  const auth = merged.runtime && child(merged.runtime.node, "auth");
  const tokens = auth && (child(auth, "bearer") ?? child(auth, "oauth"));
  if (!tokens && !hooked) checkUnscoped(merged, diagnostics);
  const oauth = auth && child(auth, "oauth");
  if (oauth) checkAddresses(oauth, diagnostics);
}

function checkUnscoped(merged: Merged, diagnostics: Diagnostic[]): void {
  for (const section of ["tools", "resources", "resourceTemplates", "prompts"] as const) {
    for (const { node, value } of merged[section]) {
      const scopes = Object.hasOwn(value, "scopes") ? child(node, "scopes") : undefined;
      if (scopes?.kind !== "array" || scopes.items.length === 0) continue;
      const what = JSON.stringify(value["name"]);
      diagnostics.push(diagnose("auth/scopes-without-authentication", scopes.span, { what }));
    }
  }
}

function checkAddresses(oauth: Located, diagnostics: Diagnostic[]): void {
  const report = (what: string, node: Located | undefined): void => {
    if (typeof node?.value !== "string" || isSecure(node.value)) return;
    diagnostics.push(diagnose("auth/insecure-address", node.span, { what, address: node.value }));
  };
  report("the issuer", child(oauth, "issuer"));
  report("the endpoint", at(oauth, ["introspection", "endpoint"]));
  const resource = child(oauth, "resource");
  const audience = child(oauth, "audience");
  const first = audience?.kind === "array" ? audience.items[0] : audience;
  report(resource ? "the resource" : 'without "resource", the audience', resource ?? first);
}

/** Whether an address uses https, or http to this machine. */
function isSecure(address: string): boolean {
  try {
    const { protocol, hostname } = new URL(address);
    const local = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
    return protocol === "https:" || (protocol === "http:" && local);
  } catch {
    return false;
  }
}

function at(node: Located, path: readonly string[]): Located | undefined {
  return path.reduce<Located | undefined>((found, key) => found && child(found, key), node);
}
