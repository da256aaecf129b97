import type {} from "./parts.js";
import { identityOf } from "./auth.js";
import type { Auth } from "./handlers.js";

/** Returns the name that a request is booked on: its principal, else its network, else an empty text for all others. */
export function callerOf(auth: Auth | undefined, address: string | undefined): string {
  return identityOf(auth) ?? (globalThis.mcpcWithoutHttp || address === undefined ? "" : `from ${networkOf(address)}`);
}

/** Returns the network of an address: for IPv6 the first half, since a host may choose any second half. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(":")) return address;
  const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length;
  return [...head!, ...Array<string>(zeros).fill("0"), ...(tail ?? [])].slice(0, 4).join(":");
}
