import type { Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import type { ResourceSurface, ResourceTemplateSurface } from "./surface.js";
import { uriMatcher, type UriMatcher } from "./uri-matcher.js";
import { parseUriTemplate } from "./uri-template.js";
import { isHidden } from "./visibility.js";

/** The entry of a URI: a fixed resource, or an instance of a template. */
export type FoundResource = { readonly resource: ResourceSurface; readonly template?: undefined } | Instance;

export interface Instance {
  readonly resource?: undefined;
  readonly template: ResourceTemplateSurface;
  readonly variables: Record<string, string>;
}

interface Template {
  readonly surface: ResourceTemplateSurface;
  readonly written: Pattern;
  /** The pattern for normalised URIs. */
  readonly normal: Pattern;
}

interface Pattern {
  readonly text: string;
  /** The prefix of every matching URI. */
  readonly prefix: string;
  /** Created for the first URI with the prefix. */
  matcher?: UriMatcher;
}

/** The maximum length of a URI in characters. The time of a match grows with the length. */
const maxUriLength = 2048;

/**
 * Looks up a URI as written, then as normalised (WHATWG), since many clients normalise URIs. Fixed resources precede
 * templates; of these the first match counts.
 */
export function findResource(server: Server, uri: string): FoundResource | undefined {
  const resource = resourcesByUri(server).get(uri);
  if (resource !== undefined) return { resource };
  if (uri.length > maxUriLength) return undefined;
  const instance = instanceOf(server, uri, ({ written }) => written);
  if (instance !== undefined || !URL.canParse(uri)) return instance;
  const { href } = new URL(uri);
  const normal = resourcesByNormalUri(server).get(href);
  return normal === undefined ? instanceOf(server, href, (template) => template.normal) : { resource: normal };
}

/** Looks up a URI, without entries that are hidden from the caller. */
export function findVisible(server: Server, auth: Auth | undefined, uri: string): FoundResource | undefined {
  const found = findResource(server, uri);
  if (globalThis.mcpcWithoutEnabled || found === undefined) return found;
  const { resource, template } = found;
  const hides = resource
    ? isHidden(server, auth, "resources", resource.uri)
    : isHidden(server, auth, "resourceTemplates", template.uriTemplate);
  return hides ? undefined : found;
}

export function visibleTemplate(
  server: Server,
  auth: Auth | undefined,
  uriTemplate: unknown,
): ResourceTemplateSurface | undefined {
  const found = server.surface.resourceTemplates.find((template) => template.uriTemplate === uriTemplate);
  if (globalThis.mcpcWithoutEnabled || found === undefined) return found;
  return isHidden(server, auth, "resourceTemplates", found.uriTemplate) ? undefined : found;
}

function instanceOf(server: Server, uri: string, form: (template: Template) => Pattern): Instance | undefined {
  for (const template of templates(server)) {
    const pattern = form(template);
    if (!uri.startsWith(pattern.prefix)) continue;
    const values = (pattern.matcher ??= matcherOf(pattern.text))(uri);
    const variables = values === undefined ? undefined : decode(values);
    if (variables !== undefined) return { template: template.surface, variables };
  }
  return undefined;
}

function matcherOf(text: string): UriMatcher {
  const parsed = parseUriTemplate(text);
  return "error" in parsed ? () => undefined : uriMatcher(parsed.template);
}

function resourcesByUri(server: Server): ReadonlyMap<string, ResourceSurface> {
  return cachedIndex(
    server,
    "resources",
    () => new Map(server.surface.resources.map((resource) => [resource.uri, resource])),
  );
}

/** Indexes resources by normalised URI. The first of equal ones counts. */
function resourcesByNormalUri(server: Server): ReadonlyMap<string, ResourceSurface> {
  return cachedIndex(server, "normal resources", () => {
    const valid = server.surface.resources.filter(({ uri }) => URL.canParse(uri));
    return new Map(valid.toReversed().map((resource) => [new URL(resource.uri).href, resource]));
  });
}

function templates(server: Server): readonly Template[] {
  return cachedIndex(server, "resourceTemplates", () =>
    server.surface.resourceTemplates.map((surface) => {
      const written = patternOf(surface.uriTemplate);
      const text = withNormalOrigin(surface.uriTemplate);
      return { surface, written, normal: text === surface.uriTemplate ? written : patternOf(text) };
    }),
  );
}

/** Creates a pattern. Its prefix ends before the query, whose parameters have no order. */
function patternOf(text: string): Pattern {
  return { text, prefix: /^[^{?]*/.exec(text)![0] };
}

/** Normalises scheme and host to lower case and removes a default port. */
function withNormalOrigin(template: string): string {
  const origin = /^[a-z][^:/?#{]*:\/\/[^/?#{]*(?=[/?#])/i.exec(template)?.[0];
  if (origin === undefined || !URL.canParse(origin)) return template;
  return new URL(origin).href.replace(/\/$/, "") + template.slice(origin.length);
}

function cachedIndex<T>(server: Server, key: string, make: () => T): T {
  let value = server.indexes.get(key) as T | undefined;
  if (value === undefined) server.indexes.set(key, (value = make()));
  return value;
}

/** Decodes values; `undefined` if they are not percent-encoded UTF-8, which matches no template. */
function decode(values: ReturnType<UriMatcher> & {}): Record<string, string> | undefined {
  try {
    return Object.fromEntries(values.map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}
