import { Server } from "node:net";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";

/** The address of an example application that begins to listen while it is loaded: at a free port, not at its own. */
export async function started(load: () => Promise<unknown>): Promise<string> {
  const servers: Server[] = [];
  const listen = Server.prototype.listen;
  const spy = vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server, ...options: unknown[]) {
    servers.push(this);
    const listening = options.find((each): each is () => void => typeof each === "function");
    return listen.call(this, { port: 0, host: "127.0.0.1" }, listening);
  });
  onTestFinished(() => {
    for (const server of servers) server.close();
  });
  await load();
  await vi.waitFor(() => {
    if (!servers[0]?.listening) throw new Error("it does not listen");
  }, 100_000);
  spy.mockRestore();
  return `http://127.0.0.1:${(servers[0]!.address() as AddressInfo).port}`;
}
