import type { AuthDeclaration, Project, ValueDeclaration } from "../model/project.js";
import type { Auth, BearerKeys, OAuth } from "../model/server.js";

/** Default algorithms, all with public keys and in common use by issuers. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];

/** Lowers the authentication settings; `undefined` without authentication. `path` is the path of the MCP endpoint. */
export function lowerAuth(project: Project, path: ValueDeclaration | undefined): Auth | undefined {
  const declared: AuthDeclaration = project.runtime.auth ?? {};
  const { bearer, oauth, includes = {}, requestedScopes } = declared;
  const { authenticates: hook } = project;
  if (!bearer && !oauth && !hook) return undefined;
  const named = namedScopes(project);
  const { name, title } = project.server.value;
  return {
    name: typeof title === "string" ? title : name,
    path: path ?? "/mcp",
    includes,
    requested: requestedScopes ?? named,
    ...(bearer && { bearer: lowerBearer(bearer, named) }),
    ...(oauth && { oauth: lowerOAuth(oauth) }),
    hook,
  };
}

function lowerBearer(
  { env, file, scopes }: NonNullable<AuthDeclaration["bearer"]>,
  named: readonly string[],
): BearerKeys {
  return {
    ...(env !== undefined ? { env } : file === undefined && { env: "MCPC_API_KEYS" }),
    ...(file !== undefined && { file }),
    scopes: scopes ?? named,
  };
}

function lowerOAuth(declared: NonNullable<AuthDeclaration["oauth"]>): OAuth {
  const { issuer, metadataUrl, audience, resource, clockToleranceSeconds = 5, introspection } = declared;
  const { endpoint, clientId, clientSecret, cacheSeconds = 10 } = introspection ?? {};
  return {
    issuer,
    ...(metadataUrl !== undefined && { metadataUrl }),
    audience: [audience].flat() as ValueDeclaration[],
    ...(resource !== undefined && { resource }),
    clockToleranceSeconds,
    check: introspection
      ? {
          introspection: {
            ...(endpoint !== undefined && { endpoint }),
            clientId: clientId!,
            clientSecret: clientSecret!,
            cacheSeconds,
          },
        }
      : { algorithms: declared.algorithms ?? algorithms },
  };
}

/** Returns all scopes that entries require. */
function namedScopes({ tools, resources, resourceTemplates, prompts }: Project): readonly string[] {
  const entries = [...tools, ...resources, ...resourceTemplates, ...prompts];
  return [...new Set(entries.flatMap(({ value }) => value.scopes ?? []))].sort();
}
