import { define, quote } from "./definition.js";

export const auth = {
  "auth/secret-in-manifest": define<{ property: string; instead: string }>({
    severity: "error",
    message: ({ property }) => `${quote(property)} would put a secret into the manifest`,
    help: ({ instead }) => instead,
    explain:
      "Manifests are committed, and the built server contains them. Keys and secrets come from the environment, or from a file that is read when the server starts.",
  }),
  "auth/scopes-without-authentication": define<{ what: string }>({
    severity: "error",
    message: ({ what }) => `${what} needs scopes, but nothing says who calls`,
    help: () => 'add "auth" to "runtime", or a function "authenticate" to the module of hooks; or remove the scopes',
    explain:
      "Scopes state what a caller's credentials allow. Without `runtime.auth` and without a hook `authenticate` the server checks no credentials, so every caller could use what is meant for a few.",
  }),
  "auth/insecure-address": define<{ what: string; address: string }>({
    severity: "error",
    message: ({ what, address }) => `${what} ${quote(address)} is not an https address`,
    help: () => "use https; plain http is for addresses of this machine alone, such as http://localhost:9000",
    explain:
      "An attacker who can change the traffic over plain http can hand out their own tokens and keys. Only addresses of the machine itself, which tests use, may lack https.",
  }),
};
