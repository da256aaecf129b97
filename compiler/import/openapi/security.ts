import type { Json, JsonObject } from "../../model/source.js";
import { isObject } from "../../diff/schemas/classes.js";
import { itemsOf, membersOf, objectAt, textIn, type OpenApiDocument } from "./document.js";
import { settingName } from "./names.js";

/** Settings that handlers need, by name, as in `runtime.config.properties`. */
export type ApiSettings = Map<string, JsonObject>;

/** Returns the credentials of operations, and adds the settings that hold the secrets. */
export interface Security {
  /** Returns alternatives, or `undefined` if an operation needs no credentials. */
  credentialsOf(operation: JsonObject, report: (sentence: string) => void): Json | undefined;
}

export function securityOf(document: OpenApiDocument, settings: ApiSettings, prefix: string): Security {
  const { root } = document;
  const components = root["components"];
  const schemes = new Map(membersOf(isObject(components) ? components["securitySchemes"] : undefined));
  const known = new Map<string, JsonObject | string>();

  function credentialOf(name: string): JsonObject | string {
    let credential = known.get(name);
    if (credential === undefined) known.set(name, (credential = made(name)));
    return credential;
  }

  function secret(name: string, described: string): string {
    const setting = settingName(prefix, name);
    settings.set(setting, { description: described, type: "string", secret: true });
    return setting;
  }

  function made(name: string): JsonObject | string {
    if (!schemes.has(name)) return `the document does not define the security scheme ${JSON.stringify(name)}`;
    const scheme = objectAt(document, schemes.get(name), "a security scheme");
    const text = textIn(scheme, "description");
    const described = (what: string): string => (text === undefined ? what : `${what} ${text}`.slice(0, 300));
    switch (scheme["type"]) {
      case "apiKey": {
        const place = scheme["in"];
        const key = textIn(scheme, "name");
        if (key === undefined || (place !== "header" && place !== "query" && place !== "cookie")) break;
        return { in: place, name: key, setting: secret(name, described(`The key that is sent as ${place} ${key}.`)) };
      }
      case "http": {
        const kind = String(scheme["scheme"]).toLowerCase();
        if (kind === "bearer") return { in: "bearer", setting: secret(name, described("The bearer token.")) };
        if (kind !== "basic") return `HTTP authentication ${JSON.stringify(kind)} is not carried over`;
        return {
          in: "basic",
          username: secret(`${name} username`, described("The name of the user.")),
          password: secret(`${name} password`, "The password of the user."),
        };
      }
      case "oauth2":
      case "openIdConnect":
        return { in: "bearer", setting: secret(name, described("The access token.")) };
    }
    return `the security scheme ${JSON.stringify(name)} of type ${JSON.stringify(scheme["type"] ?? null)} is not carried over`;
  }

  return {
    credentialsOf(operation, report) {
      const required = itemsOf(operation["security"] ?? root["security"]);
      const alternatives: Json[] = [];
      for (const requirement of required) {
        const credentials = membersOf(requirement).map(([name]) => credentialOf(name));
        const problems = credentials.filter((each) => typeof each === "string");
        for (const problem of problems) report(problem);
        if (problems.length === 0) alternatives.push(credentials as JsonObject[]);
      }
      // An alternative without credentials comes last, so that credentials that are there are used.
      alternatives.sort((a, b) => Number((a as Json[]).length === 0) - Number((b as Json[]).length === 0));
      return alternatives.some((each) => (each as Json[]).length > 0) ? alternatives : undefined;
    },
  };
}

/** Returns the names of the settings with the URLs of APIs, and adds the settings. */
export interface Servers {
  settingFor(operation: JsonObject, pathItem: JsonObject): string;
}

export function serversOf(
  document: OpenApiDocument,
  settings: ApiSettings,
  prefix: string,
  report: (sentence: string) => void,
): Servers {
  const byUrl = new Map<string, string>();
  const urlOf = (servers: Json | undefined): string | undefined => {
    const server = itemsOf(servers)[0];
    return isObject(server) ? absoluteUrl(server, document.url) : undefined;
  };
  const main = urlOf(document.root["servers"]) ?? "";
  function settingOf(url: string): string {
    const known = byUrl.get(url);
    if (known !== undefined) return known;
    const host = url === main ? [] : [URL.canParse(url) ? new URL(url).hostname : "other"];
    let name = settingName(prefix, ...host, "base", "url");
    for (let count = 2; settings.has(name); count++) name = settingName(prefix, ...host, `base${count}`, "url");
    byUrl.set(url, name);
    const isAbsolute = url !== "";
    if (!isAbsolute)
      report(`the document names no absolute URL of its server, so the setting "${name}" has no default`);
    settings.set(name, {
      description: "The URL of the API.",
      type: "string",
      pattern: "^https?://",
      ...(isAbsolute && { default: url }),
    });
    return name;
  }
  return {
    settingFor: (operation, pathItem) => settingOf(urlOf(operation["servers"]) ?? urlOf(pathItem["servers"]) ?? main),
  };
}

/** Returns the URL of a server with the defaults of its variables; `undefined` if it is not absolute. */
function absoluteUrl(server: JsonObject, base: string | undefined): string | undefined {
  const variables = new Map(membersOf(server["variables"]));
  const text = String(server["url"] ?? "").replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = variables.get(name);
    return isObject(variable) && variable["default"] !== undefined ? String(variable["default"]) : whole;
  });
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  return /^https?:$/.test(url.protocol) && !text.includes("{") ? url.href.replace(/\/$/, "") : undefined;
}
