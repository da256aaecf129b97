import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveHttpWith, serverOf, type Client, type Running } from "./clients.js";
import { freePort } from "./free-port.js";
import { startIssuer, type Issuer } from "./issuer.js";

let issuer: Issuer;
let http: Running;
beforeAll(async () => {
  const port = await freePort();
  // The origin: HTTP+SSE, too, is at an address below it.
  const resource = `http://127.0.0.1:${port}`;
  issuer = await startIssuer(resource);
  const environment = { OAUTH_ISSUER: issuer.url, OAUTH_RESOURCE: resource };
  http = await serveHttpWith(environment, serverOf("oauth"), "--port", String(port));
});
afterAll(() => Promise.all([http.stop(), issuer.stop()]));

/** What a client keeps of a user's sign-in; the browser is one request here, and the user agrees to everything. */
function signIn() {
  let verifier = "";
  let saved: any;
  let code: string | undefined;
  const asked: string[] = [];
  return {
    asked,
    /** The code that the authorization server has sent the browser back with. */
    code: () => code!,
    provider: {
      redirectUrl: "http://127.0.0.1/callback",
      clientMetadata: {
        client_name: "test",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none",
      },
      clientInformation: () => ({ client_id: "test-client" }),
      tokens: () => saved,
      saveTokens: (tokens: unknown) => void (saved = tokens),
      codeVerifier: () => verifier,
      saveCodeVerifier: (text: string) => void (verifier = text),
      redirectToAuthorization: async (url: URL) => {
        asked.push(url.searchParams.get("scope") ?? "");
        const { headers } = await fetch(url, { redirect: "manual" });
        code = new URL(headers.get("location")!).searchParams.get("code")!;
      },
    },
  };
}

interface Kind {
  readonly name: string;
  readonly client: () => any;
  readonly transport: (provider: any) => any;
}

const info = { name: "test", version: "1.0.0" };
const modes = { legacy: "legacy", "2026-07-28": { pin: "2026-07-28" } } as const;
const kinds: readonly Kind[] = [
  {
    name: "sdk 1.x",
    client: () => new Client1(info),
    transport: (authProvider) => new Http1(http.url, { authProvider }),
  },
  {
    name: "sdk 1.x over HTTP+SSE",
    client: () => new Client1(info),
    transport: (authProvider) => new SSEClientTransport(new URL("/sse", http.url), { authProvider }),
  },
  ...Object.entries(modes).map(([name, mode]): Kind => ({
    name: `client 2.x, ${name}`,
    client: () => new Client2(info, { versionNegotiation: { mode } }),
    transport: (authProvider) => new Http2(http.url, { authProvider }),
  })),
];

test.each(kinds)("$name is sent to sign in, comes back, and signs in for more when a call needs more", async (kind) => {
  const { asked, code, provider } = signIn();
  const first = kind.transport(provider);
  await expect(kind.client().connect(first)).rejects.toThrow(/unauthorized/i);
  expect(asked).toEqual(["projects:read"]);
  await first.finishAuth(code());

  const client: Client & { connect(transport: unknown): Promise<void> } = kind.client();
  const transport = kind.transport(provider);
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["whoami", "list_projects"]);
  const who: any = await client.callTool({ name: "whoami", arguments: {} });
  expect(who.structuredContent).toEqual({ principal: "johndoe", scopes: ["projects:read"], client: "test-client" });

  const create = () => client.callTool({ name: "create_project", arguments: { name: kind.name } });
  if (kind.name.endsWith("SSE")) {
    // What comes back on the stream has no status: the client is told, and can ask its user.
    await expect(create()).rejects.toThrow(/needs the scopes projects:read projects:write/);
  } else {
    await expect(create()).rejects.toThrow();
    expect(asked).toEqual(["projects:read", "projects:read projects:write"]);
    await transport.finishAuth(code());
    const created: any = await create();
    expect(created.content[0].text).toBe(`Created ${kind.name}.`);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("create_project");
  }
  await client.close();
});
