import { fingerprint } from "../../fingerprint.js";

/** Longest name of a server, so that the names of its tools have room. */
const maxServerLength = 24;
/** Longest names of server and tool together, so that clients can put their prefix in front. */
const maxRenderedLength = 57;

/** Returns the name of a server for the title of a document. */
export function serverName(title: string): string {
  const words = title
    .toLowerCase()
    .normalize("NFKD")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  let name = "";
  for (const word of words) {
    const longer = name === "" ? word : `${name}-${word}`;
    if (longer.length > maxServerLength) break;
    name = longer;
  }
  return name || (words[0]?.slice(0, maxServerLength) ?? "api");
}

/**
 * Returns the name of a tool that every client takes: letters, digits, "_" and "-", not too long beside the server's
 * name. A name that is too long ends in a hash of the whole one.
 */
export function toolName(wanted: string, server: string): string {
  const cleaned = wanted
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/_{2,}/g, "_")
    .replace(/-{2,}/g, "-")
    .replace(/^[_-]+|[_-]+$/g, "");
  const name = /^[A-Za-z_]/.test(cleaned) ? cleaned : `call_${cleaned || hash(wanted)}`;
  const most = Math.max(16, Math.min(64, maxRenderedLength - server.length));
  return name.length <= most ? name : withHash(name.slice(0, most - 7), wanted);
}

/** Returns the name with a hash of what it is for, where another tool has the name already. */
export function uniqueName(name: string, key: string, taken: ReadonlySet<string>, server: string): string {
  if (!taken.has(name.toLowerCase())) return name;
  const most = Math.max(16, Math.min(64, maxRenderedLength - server.length));
  return withHash(name.slice(0, most - 7), key);
}

/** Returns the name of an argument that every provider takes. */
export function argumentName(name: string): string {
  const cleaned = name
    .replace(/^[^A-Za-z0-9_.-]+|[^A-Za-z0-9_.-]+$/g, "")
    .replace(/[^A-Za-z0-9_.-]+/g, "_")
    .slice(0, 60);
  return cleaned === "" || cleaned === "__proto__" ? "argument" : cleaned;
}

/** Converts a name to `camelCase`, for a setting. */
export function settingName(...words: readonly string[]): string {
  const parts = words
    .flatMap((word) => word.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[^A-Za-z0-9]+/))
    .filter((part) => part !== "");
  const name = parts
    .map((part, index) => (index === 0 ? part.toLowerCase() : part[0]!.toUpperCase() + part.slice(1).toLowerCase()))
    .join("")
    .slice(0, 40);
  return /^[a-z]/.test(name) ? name : `api${name}`;
}

function withHash(name: string, key: string): string {
  return `${name.replace(/[_-]+$/, "")}_${hash(key)}`;
}

function hash(text: string): string {
  return fingerprint(text)
    .replace(/[^a-z0-9]/gi, "")
    .slice(0, 6)
    .toLowerCase();
}
