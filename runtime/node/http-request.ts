import type {} from "../protocol/parts.js";
import type { IncomingMessage } from "node:http";
import type { Auth } from "../protocol/handlers.js";
import type { Booking } from "../protocol/ledger.js";
import type { Network } from "../protocol/outlet.js";
import type { HttpRequest } from "../transports/http/endpoint.js";

/** Wraps Node's request. Headers are looked up, not copied. */
export class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  auth?: Auth;
  body?: Booking | undefined;
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.method = incoming.method ?? "";
    // `originalUrl` is the address before a framework removed its prefix.
    const target = (incoming as { readonly originalUrl?: string }).originalUrl ?? incoming.url ?? "/";
    this.url = target[0] === "/" ? target : pathAndQuery(target);
    this.#incoming = incoming;
  }

  get remote(): string | undefined {
    return this.#incoming.socket?.remoteAddress;
  }

  get network(): Network | undefined {
    if (globalThis.mcpcWithoutObservers) return undefined;
    const { httpVersion, socket } = this.#incoming;
    // OpenTelemetry names HTTP/2 so.
    const version = httpVersion === "2.0" ? "2" : httpVersion;
    return { protocol: "http", version, port: socket?.remotePort };
  }

  header(name: string): string | undefined {
    if (name === "host") return hostOf(this.#incoming);
    const value = this.#incoming.headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  }
}

/**
 * An absolute target, which names the server. Proxies receive such targets, and every server must accept them (RFC
 * 9112, section 3.2.2).
 */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** Returns the path and the query of a target in any form. */
export function pathAndQuery(target: string): string {
  const rest = target.replace(absoluteForm, "");
  return rest[0] === "/" || rest === target ? rest : `/${rest}`;
}

/**
 * Returns the host: that of the target if it has one, else that of the header. HTTP/2 has it in `:authority`. Two
 * different ones are joined, as in a list.
 */
function hostOf(incoming: IncomingMessage): string | undefined {
  const { headers, rawHeaders } = incoming;
  const target = (incoming as { readonly originalUrl?: string }).originalUrl ?? incoming.url;
  const named = target === undefined || target[0] === "/" ? undefined : absoluteForm.exec(target)?.[1];
  const authority = headers[":authority"] as string | undefined;
  const host = named ?? headers.host ?? authority;
  if (authority !== undefined && authority !== host) return `${host}, ${authority}`;
  let count = 0;
  // Node keeps only the first Host.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count > 1 ? `${host}, ${host}` : host;
}
