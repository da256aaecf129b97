import { expect } from "vitest";
import type { Case } from "./case.js";

const changes = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  watched: "notifications/resources/updated",
} as const;

export const broadcast: readonly Case[] = [
  {
    name: "changes reach who wants to hear of them, and no one else",
    session: true,
    async run({ call, link, modern, request, settled, start, told }) {
      const uri = "contract://watched";
      if (!modern) {
        expect((await request("resources/subscribe", { uri })).result).toEqual({});
        for (const [what, method] of Object.entries(changes)) {
          await call("change", { what });
          expect(await told(method)).toEqual({ jsonrpc: "2.0", method, params: what === "watched" ? { uri } : {} });
        }
        expect((await request("resources/unsubscribe", { uri })).result).toEqual({});
        await call("change", { what: "watched" });
        await call("change", { what: "tools" });
        await told(changes.tools);
        expect(link.received).toEqual([]);
        return;
      }
      const wanted = {
        promptsListChanged: true,
        resourceSubscriptions: [uri],
        toolsListChanged: false,
        unheardOf: true,
      };
      const tag = (id: unknown) => ({ "io.modelcontextprotocol/subscriptionId": id });
      const acknowledged = "notifications/subscriptions/acknowledged";
      start("subscriptions/listen", { notifications: wanted }, {}, 17);
      expect((await told(acknowledged)).params).toEqual({
        _meta: tag(17),
        notifications: { promptsListChanged: true, resourceSubscriptions: [uri] },
      });
      start(
        "subscriptions/listen",
        { notifications: { toolsListChanged: true, resourcesListChanged: true } },
        {},
        "17",
      );
      expect((await told(acknowledged)).params._meta).toEqual(tag("17"));
      for (const [what, method] of Object.entries(changes)) {
        await call("change", { what });
        const id = what === "prompts" || what === "watched" ? 17 : "17";
        const params = { ...(what === "watched" && { uri }), _meta: tag(id) };
        expect(await told(method)).toEqual({ jsonrpc: "2.0", method, params });
      }
      link.cancel(17);
      link.cancel("17");
      for (const notifications of [undefined, 7, { resourceSubscriptions: "x" }, { resourceSubscriptions: [7] }])
        expect((await request("subscriptions/listen", { notifications })).error.code).toBe(-32602);
      await settled();
      expect(link.received).toEqual([]);
    },
  },
];
