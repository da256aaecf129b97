/** Addresses and credentials of a Redis deployment, as one URL contains them. */
export interface RedisAddress {
  readonly nodes: readonly RedisNode[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const defaultPort = 6379;

/**
 * Parses `redis://user:password@host:6379/0`, or `rediss://` for TLS. Further nodes follow the first one after commas.
 * Returns `undefined` for other texts.
 */
export function parseAddress(text: string): RedisAddress | undefined {
  const [, scheme, rest] = /^(rediss?):\/\/(.+)$/.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const parts = rest.split(",").map((part) => part.replace(new RegExp(`^${scheme}://`), ""));
  const parsed = parts.map((part) => parseUrl(`redis://${part}`));
  const urls = parsed.filter((url) => url !== undefined);
  if (urls.length < parsed.length) return undefined;
  const nodes = urls.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? defaultPort : Number(port),
  }));
  const paths = urls.map(({ pathname }) => pathname.slice(1)).filter((path) => path !== "");
  if (!paths.every((path) => /^\d{1,4}$/.test(path)) || new Set(paths).size > 1) return undefined;
  const withUser = urls.find(({ username, password }) => username !== "" || password !== "");
  try {
    const username = decodeURIComponent(withUser?.username ?? "");
    const password = decodeURIComponent(withUser?.password ?? "");
    return {
      nodes,
      tls: scheme === "rediss",
      ...(username !== "" && { username }),
      ...(password !== "" && { password }),
      ...(paths.length > 0 && { database: Number(paths[0]) }),
    };
  } catch {
    return undefined;
  }
}

function parseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.hostname === "" || url.search !== "" || url.hash !== "" ? undefined : url;
  } catch {
    return undefined;
  }
}
