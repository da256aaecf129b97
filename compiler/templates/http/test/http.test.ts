import { startServer } from "@mcpc/runtime/testing/node";
import { expect, test } from "vitest";
import type { Surface } from "../generated/client.js";

test("the built server answers over HTTP", async () => {
  const server = await startServer<Surface>("dist/server.js", { transport: "http" });
  try {
    expect(await server.client.tools.count_words({ text: "one two", speed: "fast" })).toMatchObject({ words: 2 });
    const health = await fetch(new URL("/healthz", server.url));
    expect(health.status).toBe(200);
  } finally {
    await server.close();
  }
});
