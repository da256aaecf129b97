import { OAuth2Server, type MutableRedirectUri, type MutableResponse, type MutableToken } from "oauth2-mock-server";

/** An authorization server of this test's own, whose users agree to everything at once. */
export interface Issuer {
  readonly url: string;
  readonly server: OAuth2Server;
  /** A token as this issuer gives it, changed as the test likes. */
  token(
    change?: (payload: Record<string, unknown>, header: Record<string, unknown>) => void,
    kid?: string,
  ): Promise<string>;
  stop(): Promise<void>;
}

export async function startIssuer(audience: string): Promise<Issuer> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256", { kid: "first" } as never);
  await server.start(0, "localhost");
  const asked = new Map<string, string>();
  server.service.on("beforeAuthorizeRedirect", ({ url }: MutableRedirectUri, { query }: any) => {
    asked.set(url.searchParams.get("code")!, String(query.scope ?? ""));
  });
  // As RFC 8707 has it: the token is for the resource that the client names, with the scopes the user agreed to.
  server.service.on("beforeTokenSigning", ({ payload }: MutableToken, { body }: any) => {
    Object.assign(payload, { aud: body.resource, scope: asked.get(body.code) ?? "", client_id: body.client_id });
  });
  server.service.on("beforeResponse", ({ body: answer }: MutableResponse, { body }: any) => {
    if (typeof answer !== "object") return;
    answer["scope"] = asked.get(body.code);
    // With one, a client would refresh instead of asking its user for more.
    delete answer["refresh_token"];
  });
  return {
    url: server.issuer.url!,
    server,
    token: (change, kid) =>
      server.issuer.buildToken({
        ...(kid !== undefined && { kid }),
        scopesOrTransform: (header, payload) => {
          Object.assign(payload, { aud: audience, sub: "ada", scope: "projects:read" });
          change?.(payload, header);
        },
      }),
    stop: () => server.stop(),
  };
}
