import { expect } from "vitest";
import { text, type Case } from "./case.js";

export const streams: readonly Case[] = [
  ...[7, "token", 0, ""].map((progressToken): Case => ({
    name: `progress: only with a token (${JSON.stringify(progressToken)}), always growing, none after the answer`,
    async run({ call, link, version, settled }) {
      await call("progress");
      await settled();
      expect(link.received.filter(({ method }) => method === "notifications/progress")).toEqual([]);
      await call("progress", {}, { progressToken });
      await settled();
      const steps = link.received.filter(({ method }) => method === "notifications/progress");
      for (const _ of steps) await link.take(({ method }) => method === "notifications/progress");
      const message = (words: string) => (version >= "2025-03-26" ? { message: words } : {});
      expect(steps.map(({ params }) => params)).toEqual([
        { progressToken, progress: 1, total: 4, ...message("begun") },
        { progressToken, progress: 3, total: 4, ...message("nearly") },
        { progressToken, progress: 4, total: 4, ...message("done") },
      ]);
    },
  })),
  {
    name: "logging: from the level on that was asked for",
    session: true,
    async run({ call, link, modern, request, settled }) {
      const severities = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
      const logged = async (level: string | undefined): Promise<string[]> => {
        if (level !== undefined && !modern) expect((await request("logging/setLevel", { level })).result).toEqual({});
        await call("log", {}, modern && level !== undefined ? { "io.modelcontextprotocol/logLevel": level } : {});
        await settled();
        const messages = link.received.filter(({ method }) => method === "notifications/message");
        for (const _ of messages) await link.take(({ method }) => method === "notifications/message");
        for (const { params } of messages) expect(params.data).toEqual({ said: "something" });
        return messages.map(({ params }) => params.level);
      };
      // Nobody has asked for any: none, but a session begins with a level of the server's choice.
      expect(await logged(undefined)).toEqual(modern ? [] : severities.slice(1));
      for (const level of ["debug", "warning", "emergency"])
        expect(await logged(level)).toEqual(severities.slice(severities.indexOf(level)));
      if (modern) return;
      for (const level of ["loud", 7, undefined])
        expect((await request("logging/setLevel", { level })).error.code).toBe(-32602);
      await request("logging/setLevel", { level: "info" });
    },
  },
  {
    name: "cancellation: the handler is told, nothing more is said of the request, its id is free again",
    session: true,
    async run({ link, start, told, call, request, settled, version }) {
      const key = `${version} ${Math.random()}`;
      start("tools/call", { name: "wait", arguments: { key } }, { progressToken: key }, "cancelled");
      expect((await told("notifications/progress")).params.progressToken).toBe(key);
      link.cancel("cancelled");
      for (let state = "waiting"; state !== "cancelled"; state = text(await call("waited", { key })));
      await settled();
      expect(link.received).toEqual([]);
      expect(text(await request("tools/call", { name: "echo", arguments: { text: "x" } }, {}, "cancelled"))).toBe("x");
      link.cancel("never heard of");
      link.cancel("cancelled");
      await settled();
      expect(link.received).toEqual([]);
    },
  },
];
