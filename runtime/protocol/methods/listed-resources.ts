import { hasScopes, anonymous } from "../auth.js";
import { CallContext } from "../context.js";
import { errorCodes, McpError, NotImplementedError } from "../errors.js";
import type { Answer, Call, Payload } from "../exchange.js";
import { handlerFailure } from "../failures.js";
import { isObject } from "../json-rpc.js";
import { findResource } from "../resource-lookup.js";
import { isThenable, quote, seal, defaultCacheHint } from "../results.js";
import { deadlineOf, settle } from "../settle.js";
import { isHidden, cacheHintsOf } from "../visibility.js";
import type { AnyResourceLister, ResourceTemplateSurface } from "../surface.js";

/** A template and its lister. */
type Lister = readonly [template: ResourceTemplateSurface, handler: AnyResourceLister];

/** The declared entries, and the requested page. */
export interface Pages {
  /** The number of declared entries. */
  readonly declared: number;
  readonly textOf: (start: number, end: number) => string;
  /** The first entry and the size of the requested page, and the cursor of a page. */
  readonly start: number;
  readonly size: number;
  readonly cursorOf: (start: number) => string;
}

/** Returns the templates with a lister that the caller may see. */
export function listersFor(call: Call): readonly Lister[] {
  const { server } = call.peer.view;
  const { surface, handlers } = server;
  return surface.resourceTemplates.flatMap((template): Lister[] => {
    const handler = handlers.lists?.get(template.uriTemplate);
    if (handler === undefined || !hasScopes(call.auth ?? anonymous, template)) return [];
    const hides =
      !globalThis.mcpcWithoutEnabled && isHidden(server, call.auth, "resourceTemplates", template.uriTemplate);
    return hides ? [] : [[template, handler]];
  });
}

/** Answers `resources/list` if listers exist. The list is not cached, because it depends on data. */
export function listWith(call: Call, listers: readonly Lister[], pages: Pages): Answer {
  const finish = (lists: unknown): Payload => toPage(call, listers, lists as readonly unknown[], pages);
  const fail = (error: unknown) =>
    error instanceof NotImplementedError
      ? new McpError(errorCodes.internalError, `the list of the resource template ${error.message}`)
      : handlerFailure(call, "resource", "resources/list", error);
  try {
    const context = new CallContext(call);
    const lists: readonly unknown[] = listers.map(([, handler]) => handler(context));
    if (!lists.some(isThenable)) return finish(lists);
    return settle(call, Promise.all(lists), { finish: guard(finish, fail), fail }, deadlineOf(call, "resources/list"));
  } catch (error) {
    return fail(error);
  }
}

function guard<T, R, F>(act: (value: T) => R, fail: (error: unknown) => F): (value: T) => R | F {
  return (value) => {
    try {
      return act(value);
    } catch (error) {
      return fail(error);
    }
  };
}

function toPage(call: Call, listers: readonly Lister[], lists: readonly unknown[], pages: Pages): Payload {
  const { view } = call.peer;
  const { declared, start, size, textOf, cursorOf } = pages;
  const listed = new Map<string, object>();
  for (const [index, [template]] of listers.entries())
    for (const entry of entriesOf(call, template, lists[index]))
      if (!listed.has(entry.uri)) listed.set(entry.uri, entry);
  const total = declared + listed.size;
  const end = Math.min(start + size, total);
  const own = [...listed.values()]
    .slice(Math.max(0, start - declared), Math.max(0, end - declared))
    .map((entry) => view.revision.entry("resource", JSON.stringify(entry)));
  const texts = [textOf(start, Math.min(end, declared)), ...own].filter((text) => text !== "");
  const next = end < total ? `,"nextCursor":"${cursorOf(end)}"` : "";
  const { ttlMs, scope } = cacheHintsOf(view.server) ?? defaultCacheHint;
  return seal(view, `"resources":[${texts.join(",")}]${next}`, undefined, view.frame.hints(ttlMs, scope));
}

interface Entry {
  readonly uri: string;
}

/** Returns the valid entries of one template, without the fixed resources, which are already listed. */
function entriesOf(call: Call, template: ResourceTemplateSurface, list: unknown): Entry[] {
  const { uriTemplate, mimeType } = template;
  if (!Array.isArray(list)) throw listError(uriTemplate, "a list was expected");
  return (list as readonly unknown[]).flatMap((entry): Entry[] => {
    if (!isObject(entry)) throw listError(uriTemplate, "each entry must be an object");
    for (const [key, value] of Object.entries(entry)) {
      const isRight = Object.hasOwn(members, key) ? members[key]!(value) : undefined;
      if (isRight === undefined) throw listError(uriTemplate, `an entry has the unknown member ${quote(key)}`);
      if (!isRight && value !== undefined) throw listError(uriTemplate, `an entry has a wrong ${quote(key)}`);
    }
    const { uri, name } = entry;
    if (typeof uri !== "string" || typeof name !== "string")
      throw listError(uriTemplate, "each entry needs a uri and a name");
    const found = findResource(call.peer.view.server, uri);
    if (found?.resource !== undefined) return [];
    if (found?.template !== template) throw listError(uriTemplate, `${quote(uri)} is no resource of the template`);
    return [{ ...(mimeType !== undefined && { mimeType }), ...entry, uri }];
  });
}

/** Members of an entry (the protocol's `Resource`), with their checks. */
const members: Readonly<Record<string, (value: unknown) => boolean>> = {
  uri: isText,
  name: isText,
  title: isText,
  description: isText,
  mimeType: isText,
  size: (value) => typeof value === "number",
  icons: Array.isArray,
  annotations: isObject,
  _meta: isObject,
};

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function listError(uriTemplate: string, reason: string): TypeError {
  return new TypeError(`the list of the resource template ${quote(uriTemplate)}: ${reason}`);
}
