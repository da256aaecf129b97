import { portError } from "../host-node/port.js";
import type { OAuth } from "../model/server.js";
import { error, ok, valueOf, warning, type DoctorFinding, type Patient } from "./finding.js";

/** Checks the port of the server, and its authorization server. */
export async function checkNetwork({ server, env }: Patient): Promise<DoctorFinding[]> {
  const { http } = server.transports;
  const oauth = server.runtime.auth?.oauth;
  return [
    ...(http ? [await checkPort(String(valueOf(http.host, env)), Number(valueOf(http.port, env)))] : []),
    ...(oauth ? [await checkIssuer(oauth, env)] : []),
  ];
}

async function checkPort(host: string, port: number): Promise<DoctorFinding> {
  const at = `${host}:${port}`;
  if (!Number.isInteger(port)) return warning("the port is in a variable that is not set", "set it before the start");
  const code = await portError(host, port);
  if (code === undefined) return ok(`${at} is free`);
  const advice =
    code === "EADDRINUSE"
      ? "stop the other process, or choose another port with --port"
      : code === "EACCES"
        ? "choose a port from 1024 on with --port"
        : "choose an address of this machine with --host";
  return error(`the server cannot listen on ${at} (${code})`, advice);
}

const timeoutMs = 5000;

async function checkIssuer(oauth: OAuth, env: Patient["env"]): Promise<DoctorFinding> {
  const issuer = valueOf(oauth.issuer, env);
  if (issuer === undefined) return warning("the variable of the OAuth issuer is not set", "set it before the start");
  const metadataUrl = oauth.metadataUrl && valueOf(oauth.metadataUrl, env);
  if (!URL.canParse(metadataUrl ?? issuer))
    return error(`the OAuth issuer ${issuer} is no URL`, "write it as https://…");
  const reasons: string[] = [];
  for (const address of metadataUrl === undefined ? metadataAddresses(issuer) : [metadataUrl]) {
    const reason = await metadataError(address, issuer);
    if (reason === undefined) return ok(`the OAuth issuer ${issuer} has metadata`);
    reasons.push(`${address}: ${reason}`);
  }
  return error(`the OAuth issuer has no usable metadata (${reasons.join("; ")})`, "check its address, and the network");
}

/** Returns the addresses of an issuer's metadata (RFC 8414, section 3.1; OpenID Connect Discovery, section 4). */
function metadataAddresses(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ].filter((address, index, all) => all.indexOf(address) === index);
}

async function metadataError(address: string, issuer: string): Promise<string | undefined> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    if (!response.ok) return `status ${response.status}`;
    const metadata = (await response.json()) as { readonly issuer?: unknown } | null;
    return metadata?.issuer === issuer ? undefined : `it is of the issuer ${JSON.stringify(metadata?.issuer)}`;
  } catch (thrown) {
    const { cause, message } = thrown as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
