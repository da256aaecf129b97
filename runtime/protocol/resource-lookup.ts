import type { Server } from "./exchange.js";
import type { Auth } from "./handlers.js";
import type { ResourceSurface, ResourceTemplateSurface } from "./surface.js";
import { uriMatcher, type UriMatcher } from "./uri-matcher.js";
import { parseUriTemplate } from "./uri-template.js";
import { isHidden } from "./visibility.js";

/** The entry that a URI names: a resource with a URI of its own, or an instance of a template. */
export type FoundResource = { readonly resource: ResourceSurface; readonly template?: undefined } | Instance;

export interface Instance {
  readonly resource?: undefined;
  readonly template: ResourceTemplateSurface;
  readonly variables: Record<string, string>;
}

interface Template {
  readonly surface: ResourceTemplateSurface;
  readonly written: Pattern;
  /** The same for URIs that are normalised. */
  readonly normal: Pattern;
}

interface Pattern {
  readonly text: string;
  /** The beginning of each of its URIs. */
  readonly prefix: string;
  /** Made with the first URI that begins so. */
  matcher?: UriMatcher;
}

/** In characters: the time of a match grows with the length. */
const maxUriLength = 2048;

/**
 * Looks a URI up as it is written, then as URLs are normalised (WHATWG): many clients do that to all that they send. A
 * resource with a URI of its own comes before the templates, of which the first that matches is taken.
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

/** The same, as far as the caller may know of it. */
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

/** Keeps the first of several that are the same when they are normalised. */
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

/** The parameters of a query come in any order. */
function patternOf(text: string): Pattern {
  return { text, prefix: /^[^{?]*/.exec(text)![0] };
}

/** The scheme and the host have no case, and a scheme's own port is left out. */
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

/** `undefined` when the URI is not percent-encoded UTF-8: such a URI is an instance of nothing. */
function decode(values: ReturnType<UriMatcher> & {}): Record<string, string> | undefined {
  try {
    return Object.fromEntries(values.map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}
