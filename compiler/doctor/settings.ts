import type { Value, Variable } from "../model/server.js";
import { error, ok, type DoctorFinding, type Patient } from "./finding.js";

/** Checks that each environment variable that the server needs to start is set. */
export function checkSettings({ server, env }: Patient): DoctorFinding[] {
  const { config, auth } = server.runtime;
  const { http } = server.transports;
  const { bearer, oauth } = auth ?? {};
  const values: readonly (Value | number | undefined)[] = [
    ...(http ? [http.path, http.host, http.port, ...http.allowedHosts, ...http.allowedOrigins] : []),
    ...(oauth ? [oauth.issuer, ...oauth.audience] : []),
  ];
  const variables = values.filter((value): value is Variable => typeof value === "object").map(({ env }) => env);
  const settings = (config?.settings ?? []).filter(({ required }) => required).map(({ env }) => env);
  // Keys may also be in a file.
  const keys = bearer?.env !== undefined && bearer.file === undefined ? [bearer.env] : [];
  const names = [...new Set([...variables, ...settings, ...keys])];
  return names.map((name) =>
    env[name] === undefined || env[name] === ""
      ? error(`${name} is not set`, "set it in the environment, or the setting in a file for --config")
      : ok(`${name} is set`),
  );
}
