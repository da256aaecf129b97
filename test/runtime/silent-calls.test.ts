import { expect, test } from "vitest";
import { serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

type Serving = ReturnType<typeof serving>;
const params = { name: "t", arguments: {} };

const clients: readonly [what: string, options: object, call: (from: Serving, accept?: string) => Promise<Response>][] =
  [
    ["2026-07-28", {}, ({ modern }) => modern("ada", "tools/call", params)],
    [
      "a session",
      {},
      async ({ post, session }, accept = "application/json, text/event-stream") =>
        post("ada", { id: 1, method: "tools/call", params }, { ...(await session("ada")), accept }),
    ],
    [
      "no session",
      { sessions: false },
      ({ post }, accept = "application/json, text/event-stream") =>
        post("ada", { id: 1, method: "tools/call", params }, { accept }),
    ],
  ];

/** A tool that answers when it is told to. */
function held() {
  const ends: ((text: string) => void)[] = [];
  return { server: serverWith({ t: () => new Promise<string>((resolve) => ends.push(resolve)) }), ends };
}

test.each(clients)("a call that says nothing becomes a stream with comments: %s", async (_what, options, call) => {
  const { server, ends } = held();
  const response = await call(serving(server, { ...options, keepAliveMs: 5 }));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": keep-alive\n\n")) text += (await reader.read()).value;
  ends[0]!("late");
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
  expect(text).toContain('"text":"late"');
});

test.each(clients.slice(1))(
  "a client that takes no stream has its answer as ever: %s",
  async (_what, options, call) => {
    const { server, ends } = held();
    const answer = call(serving(server, { ...options, keepAliveMs: 5 }), "application/json");
    await new Promise((resolve) => setTimeout(resolve, 50));
    ends[0]!("late");
    expect(((await (await answer).json()) as any).result.content[0].text).toBe("late");
  },
);
