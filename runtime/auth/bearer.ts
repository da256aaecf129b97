import { revoke } from "../protocol/auth.js";
import { optionalValue, type Environment, type Value } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import { watchFile } from "./file-watcher.js";
import { parseKeys, type KeyEntry } from "./keys.js";
import { invalidToken, withIncluded, type AuthSettings, type AuthMethod } from "./method.js";

export interface BearerOptions {
  /** The environment variable with the keys. */
  readonly env?: string;
  readonly file?: {
    readonly path: Value;
    readonly read: (path: string) => Promise<string>;
  };
  /** The scopes of keys without scopes of their own. */
  readonly scopes: readonly string[];
}

interface Key {
  /** The key, its principal and its scopes, as an identity that survives a reload. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly auth: Auth;
}

/**
 * Accepts static keys: `Authorization: Bearer KEY`. Several keys may be valid at once, so that they can be rotated.
 * The file of keys is watched; connections of a removed key end.
 */
export const bearer =
  ({ env, file, scopes }: BearerOptions) =>
  ({ includes }: AuthSettings): AuthMethod => {
    let keys: readonly Key[] = [];
    let stop = (): void => {};

    function createKey(id: string, { key, principal, scopes: own = scopes }: KeyEntry): Key {
      const auth = { scopes: withIncluded(own, includes), claims: {} };
      const bytes = new TextEncoder().encode(key);
      return { id, bytes, auth: principal === undefined ? auth : { ...auth, principal } };
    }

    function setKeys(entries: readonly KeyEntry[], secrets: Set<string>): void {
      const before = new Map(keys.map((key) => [key.id, key]));
      keys = entries.map((entry) => {
        const id = JSON.stringify([entry.key, entry.principal, entry.scopes]);
        return before.get(id) ?? createKey(id, entry);
      });
      for (const { key } of entries) secrets.add(key);
      for (const { id } of keys) before.delete(id);
      for (const { auth } of before.values()) revoke(auth);
    }

    return {
      async start(environment, secrets, logger) {
        const problems: string[] = [];
        const environmentKeys = entriesOf(fromEnvironment(env, environment), problems);
        const path = pathOf(file, environment);
        const fileSource = path === undefined ? undefined : await fromFile(path, file!.read, problems);
        setKeys([...environmentKeys, ...entriesOf(fileSource, problems)], secrets);
        if (keys.length === 0 && problems.length === 0) problems.push(noKeys(env, file, environment));
        stop();
        if (fileSource === undefined || problems.length > 0) return problems;
        const { name } = fileSource;
        const refuse = (why: readonly string[]): void =>
          logger("error", `the keys in ${name} are not taken: those from before hold`, { problems: why });
        stop = watchFile(() => file!.read(name), fileSource.text, {
          onChange(text) {
            const wrong: string[] = [];
            const entries = entriesOf({ name, text }, wrong);
            if (wrong.length > 0) return refuse(wrong);
            setKeys([...environmentKeys, ...entries], secrets);
            logger(keys.length > 0 ? "info" : "warning", `the keys in ${name} have changed`, { keys: keys.length });
          },
          onError: (error) => refuse([unreadable(name, error)]),
        });
        return problems;
      },
      stop: () => stop(),
      verify: (token) => (token === undefined ? undefined : (find(keys, token) ?? invalidToken("unknown key"))),
    };
  };

/** Compares every key to its end, so that the time reveals nothing about the keys. */
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
  /** The name of the source in problems. */
  readonly name: string;
  readonly text: string;
}

function fromEnvironment(env: string | undefined, environment: Environment): Source | undefined {
  const text = env === undefined ? undefined : environment[env];
  return text === undefined ? undefined : { name: env!, text };
}

/** Returns the path; `undefined` if its environment variable is not set. Another source has the keys then. */
function pathOf(file: BearerOptions["file"], environment: Environment): string | undefined {
  const path = typeof file?.path === "object" ? environment[file.path.env] : file?.path;
  return path === "" ? undefined : path;
}

async function fromFile(
  path: string,
  read: (path: string) => Promise<string>,
  problems: string[],
): Promise<Source | undefined> {
  try {
    return { name: path, text: await read(path) };
  } catch (error) {
    problems.push(unreadable(path, error));
    return undefined;
  }
}

function unreadable(path: string, error: unknown): string {
  return `${path}: the keys cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function entriesOf(source: Source | undefined, problems: string[]): KeyEntry[] {
  return source === undefined ? [] : parseKeys(source, problems);
}

function noKeys(env: string | undefined, file: BearerOptions["file"], environment: Environment): string {
  const sources: readonly Value[] = [
    ...(env === undefined ? [] : [{ env }]),
    ...(file === undefined ? [] : [file.path]),
  ];
  const states = sources.map((source) => {
    if (optionalValue(source, environment) === undefined && typeof source === "object")
      return `${source.env} is not set`;
    return `${typeof source === "object" ? source.env : source} holds no key`;
  });
  return `${states.join(", and ")}; ${states.length > 1 ? "one of them" : "it"} lists who may call: one key a line, or JSON`;
}
