import type { Environment } from "../protocol/auth.js";
import type { Auth } from "../protocol/handlers.js";
import { parseKeys, type KeyEntry } from "./keys.js";
import { invalidToken, withIncluded, type Common, type Method, type Value } from "./method.js";

export interface BearerOptions {
  /** The environment variable that holds keys. */
  readonly env?: string;
  readonly file?: {
    readonly path: Value;
    readonly read: (path: string) => Promise<string>;
  };
  /** What a key may do that says nothing of scopes. */
  readonly scopes: readonly string[];
}

interface Key {
  readonly bytes: Uint8Array;
  readonly auth: Auth;
}

/** Static keys: `Authorization: Bearer KEY`. Several may hold at once, so that one can be replaced without a gap. */
export const bearer =
  ({ env, file, scopes }: BearerOptions) =>
  ({ includes }: Common): Method => {
    let keys: readonly Key[] = [];

    function take({ key, principal, scopes: own = scopes }: KeyEntry): Key {
      const auth = { scopes: withIncluded(own, includes), claims: {} };
      return { bytes: new TextEncoder().encode(key), auth: principal === undefined ? auth : { ...auth, principal } };
    }

    return {
      async start(environment, secrets) {
        const problems: string[] = [];
        const sources = [fromEnvironment(env, environment), await fromFile(file, environment, problems)];
        const entries = sources.flatMap((source) => (source === undefined ? [] : parseKeys(source, problems)));
        for (const { key } of entries) secrets.add(key);
        keys = entries.map(take);
        if (keys.length === 0 && problems.length === 0) problems.push(noKeys(env, file));
        return problems;
      },
      verify: (token) => (token === undefined ? undefined : (find(keys, token) ?? invalidToken("unknown key"))),
    };
  };

/** Every key is compared to its end, whatever the token: how long it takes says nothing about them. */
function find(keys: readonly Key[], token: string): Auth | undefined {
  let found: Auth | undefined;
  for (const { bytes, auth } of keys) {
    let difference = bytes.length ^ token.length;
    for (let at = 0; at < token.length; at += 1) difference |= token.charCodeAt(at) ^ bytes[at % bytes.length]!;
    if (difference === 0) found = auth;
  }
  return found;
}

interface Source {
  /** How problems call it. */
  readonly name: string;
  readonly text: string;
}

function fromEnvironment(env: string | undefined, environment: Environment): Source | undefined {
  const text = env === undefined ? undefined : environment[env];
  return text === undefined ? undefined : { name: env!, text };
}

async function fromFile(
  file: BearerOptions["file"],
  environment: Environment,
  problems: string[],
): Promise<Source | undefined> {
  if (file === undefined) return undefined;
  const path = typeof file.path === "string" ? file.path : environment[file.path.env];
  // The variable holds the keys then, and no file.
  if (path === undefined || path === "") return undefined;
  try {
    return { name: path, text: await file.read(path) };
  } catch (error) {
    problems.push(`${path}: the keys cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function noKeys(env: string | undefined, file: BearerOptions["file"]): string {
  if (env !== undefined) return `${env} holds no key; it names those who may call: one key a line, or JSON`;
  return typeof file?.path === "object" ? `${file.path.env} is not set, or holds no key` : `${file?.path} holds no key`;
}
