import { expect } from "vitest";
import type { Client } from "../client.js";
import type { Case } from "./case.js";

export const uri = "contract://watched";
const tag = (id: unknown) => ({ "io.modelcontextprotocol/subscriptionId": id });
const acknowledged = "notifications/subscriptions/acknowledged";

/** What can change, and how clients are told. */
export const changes = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  watched: "notifications/resources/updated",
} as const;

/** A change as a client is told of it; `id` is its subscription's, where the revision has such. */
export function changeOf(what: string, method: string, id?: unknown): object {
  const params = { ...(what === "watched" && { uri }), ...(id !== undefined && { _meta: tag(id) }) };
  return { jsonrpc: "2.0", method, params };
}

async function inSession({ call, link, request, told }: Client, by: string): Promise<void> {
  expect((await request("resources/subscribe", { uri })).result).toEqual({});
  for (const [what, method] of Object.entries(changes)) {
    await call("change", { what, by });
    expect(await told(method)).toEqual(changeOf(what, method));
  }
  expect((await request("resources/unsubscribe", { uri })).result).toEqual({});
  await call("change", { what: "watched", by });
  await call("change", { what: "tools", by });
  await told(changes.tools);
  expect(link.received).toEqual([]);
}

async function bySubscription({ call, link, settled, start, told }: Client, by: string): Promise<void> {
  const wanted = { promptsListChanged: true, resourceSubscriptions: [uri], toolsListChanged: false, unheardOf: true };
  start("subscriptions/listen", { notifications: wanted }, {}, 17);
  expect((await told(acknowledged)).params).toEqual({
    _meta: tag(17),
    notifications: { promptsListChanged: true, resourceSubscriptions: [uri] },
  });
  start("subscriptions/listen", { notifications: { toolsListChanged: true, resourcesListChanged: true } }, {}, "17");
  expect((await told(acknowledged)).params._meta).toEqual(tag("17"));
  for (const [what, method] of Object.entries(changes)) {
    await call("change", { what, by });
    const id = what === "prompts" || what === "watched" ? 17 : "17";
    expect(await told(method)).toEqual(changeOf(what, method, id));
  }
  link.cancel(17);
  link.cancel("17");
  await settled();
  expect(link.received).toEqual([]);
}

export const broadcast: readonly Case[] = [
  ...["handler", "hooks"].map((by): Case => ({
    name: `changes that the ${by} tell of reach who wants to hear of them, and no one else`,
    session: true,
    run: (client) => (client.modern ? bySubscription(client, by) : inSession(client, by)),
  })),
  {
    name: "a filter that is none is refused",
    without: (version) => (version === "2026-07-28" ? undefined : "sessions have no filters"),
    async run({ request }) {
      for (const notifications of [undefined, 7, { resourceSubscriptions: "x" }, { resourceSubscriptions: [7] }])
        expect((await request("subscriptions/listen", { notifications })).error.code).toBe(-32602);
    },
  },
  {
    // No revision says how; a subscription that could never tell of anything would be a promise that nobody keeps.
    name: "what there is not, or tells of no updates, cannot be subscribed to; what a template makes can",
    session: true,
    async run({ call, link, modern, request, settled, start, told }) {
      const [square, fixed, nothing] = ["contract://squares/3", "contract://static", "contract://nothing"];
      if (modern) {
        const resourceSubscriptions = [nothing, square, fixed];
        start("subscriptions/listen", { notifications: { resourceSubscriptions } }, {}, "s");
        expect((await told(acknowledged)).params.notifications).toEqual({ resourceSubscriptions: [square] });
      } else {
        const subscribe = (to: unknown): Promise<any> => request("resources/subscribe", { uri: to });
        expect((await subscribe(nothing)).error).toMatchObject({ code: -32002, data: { uri: nothing } });
        expect((await subscribe(fixed)).error).toMatchObject({ code: -32602, data: { uri: fixed } });
        expect((await subscribe(7)).error.code).toBe(-32602);
        expect((await subscribe(square)).result).toEqual({});
        expect((await request("resources/unsubscribe", { uri: nothing })).result).toEqual({});
      }
      // A change is told for exactly the URI that it names.
      await call("change", { what: "watched" });
      await call("change", { what: "square" });
      expect((await told(changes.watched)).params.uri).toBe(square);
      if (modern) link.cancel("s");
      else await request("resources/unsubscribe", { uri: square });
      await settled();
    },
  },
];
