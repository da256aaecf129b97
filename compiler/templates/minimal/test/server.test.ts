import { afterAll, expect, test } from "vitest";
import { createClient } from "../generated/client.js";

const client = createClient();
afterAll(() => client.close());

test("a fast reader needs less time", async () => {
  const text = "word ".repeat(1000);
  const slow = await client.tools.count_words({ text, speed: "slow" });
  const fast = await client.tools.count_words({ text, speed: "fast" });
  expect(slow.words).toBe(1000);
  expect(fast.minutes).toBeLessThan(slow.minutes);
});

test("a text without words is an error that the model can read", async () => {
  await expect(client.tools.count_words({ text: "?" })).rejects.toMatchObject({ code: "noWords" });
});

test("the speeds are a resource", async () => {
  const [speeds] = await client.resources.read("reading://speeds");
  expect(speeds).toMatchObject({ mimeType: "application/json" });
});
