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
 * For another text it returns what is wrong, without any part of the text, since that may be a password.
 */
export function parseAddress(text: string): RedisAddress | string {
  const [, scheme, rest] = /^(rediss?):\/\/(.+)$/.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return "it must begin with redis:// or rediss://, and name a host";
  const parts = rest.split(",").map((part) => part.replace(new RegExp(`^${scheme}://`), ""));
  if (parts.some((part) => part.includes("://"))) return "all nodes must have the same scheme";
  const parsed = parts.map((part) => parseUrl(`redis://${part}`));
  const urls = parsed.filter((url) => url !== undefined);
  if (urls.length < parsed.length) return "a host or a port is wrong";
  if (urls.some(({ search, hash }) => search !== "" || hash !== ""))
    return 'it must end after the database: no "?" and no "#"';
  const nodes = urls.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? defaultPort : Number(port),
  }));
  const paths = urls.map(({ pathname }) => pathname.slice(1)).filter((path) => path !== "");
  if (!paths.every((path) => /^\d{1,4}$/.test(path)) || new Set(paths).size > 1)
    return "the database must be a number of at most four digits, the same for all nodes";
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
    return "a percent sign in the user or the password must be written as %25";
  }
}

function parseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return url.hostname === "" ? undefined : url;
  } catch {
    return undefined;
  }
}
