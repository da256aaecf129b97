import { revoke } from "../protocol/auth.js";
import { optionalValue, type Environment, type Value } from "../protocol/environment.js";
import type { Auth } from "../protocol/handlers.js";
import { watchFile } from "./file-watcher.js";
import { parseKeys, type KeyEntry } from "./keys.js";
import { invalidToken, withIncluded, type AuthSettings, type AuthMethod } from "./method.js";

export interface BearerOptions {
  /** The environment variable that holds keys. */
  readonly env?: string;
  readonly file?: {
    readonly path: Value;
    readonly read: (path: string) => Promise<string>;
  };
  /** The scopes of a key that names none. */
  readonly scopes: readonly string[];
}

interface Key {
  /** Tells keys apart, with all that they open. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly auth: Auth;
}

/**
 * Static keys: `Authorization: Bearer KEY`. Several may hold at once, so that one can be replaced without a gap; a file
 * of keys is followed while the server runs, and what lives on a key that is taken out of it ends.
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

/** `undefined` where the variable that would name the file is not set: another holds the keys then. */
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
