import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Case } from "./cases/case.js";
import { cases } from "./cases/index.js";
import { clientOf, everything, modernVersion, versions, type Client } from "./client.js";
import { stopAll, transports, type Transport } from "./transports.js";

/** Why a case is not run; `undefined` when it is. */
function reason(transport: Transport, version: string, { session, without }: Case): string | undefined {
  const missing = transport.without?.(version) ?? without?.(version);
  if (missing !== undefined || version === modernVersion) return missing;
  return session === true ? transport.sessionless : undefined;
}

afterAll(stopAll);

/** One connection serves all cases of a revision, so what a case leaves behind is found by the next. */
describe.each(transports)("$name", (transport) => {
  describe.each(versions)("%s", (version) => {
    let client: Client;
    const open = async (capabilities: object): Promise<Client> =>
      clientOf(await transport.open(), version, capabilities);
    beforeAll(async () => {
      if (transport.without?.(version) === undefined) client = await open(everything);
    });
    afterAll(() => client?.link.close());

    for (const one of cases) {
      const skipped = reason(transport, version, one);
      if (skipped !== undefined) test.skip(`${one.name} (not here: ${skipped})`);
      else
        test(one.name, async () => {
          await one.run(client, open, transport.open);
          expect(client.link.received, "messages that nobody asked for").toEqual([]);
        });
    }
  });
});

test("what is skipped has a reason", () => {
  const reasons = new Map<string, number>();
  for (const transport of transports)
    for (const version of versions)
      for (const one of cases) {
        const skipped = reason(transport, version, one);
        if (skipped !== undefined) reasons.set(skipped, (reasons.get(skipped) ?? 0) + 1);
      }
  const told = [...reasons].map(([why, count]) => `${count} cases skipped: ${why}`);
  process.stdout.write(`${told.join("\n")}\n`);
  expect(told.every((line) => /: .{10}/.test(line))).toBe(true);
});
