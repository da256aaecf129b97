import { describe, expect, test } from "vitest";
import { publish } from "../../runtime/protocol/changes.js";
import { events } from "../e2e/events.js";
import { settled } from "./caller.js";
import { serving } from "./many-callers.js";
import { serverWith } from "./surface.js";

const MB = 1024 * 1024;
const lost = "the answer is no longer kept; send the request again if safe";

/** A tool that tells of itself, and answers when the test says so. */
function held() {
  const runs: { progress: (step: number) => void; end: (text: string) => void }[] = [];
  const handler = (_input: unknown, { progress }: any) =>
    new Promise((resolve) => {
      runs.push({ progress, end: resolve });
      progress(1);
    });
  return { server: serverWith({ t: handler as never }), runs };
}

/** A session, its calls and its streams. */
async function open(limits = {}, version = "2025-11-25", scopes = "") {
  const { server, runs } = held();
  const { ask, post, session, server: served } = serving(server, {}, limits);
  const headers: Record<string, string> = { ...(await session("ada", version)), ...(scopes && { "x-scopes": scopes }) };
  await post("ada", { method: "notifications/initialized" }, headers);
  const get = (lastEventId?: string, more = {}, signal = new AbortController().signal) => {
    const wanted = { ...headers, ...(lastEventId !== undefined && { "last-event-id": lastEventId }), ...more };
    return ask("ada", { method: "GET", headers: wanted, signal });
  };
  const listen = async (lastEventId?: string, more = {}) => {
    const stop = new AbortController();
    const next = events(await get(lastEventId, more, stop.signal));
    return { next, hangUp: () => stop.abort() };
  };
  /** A call that has told of its first step when this resolves, and whose connection then breaks. */
  const broken = async (id: unknown): Promise<string> => {
    const stop = new AbortController();
    const params = { name: "t", _meta: { progressToken: 1 } };
    const next = events(await post("ada", { id, method: "tools/call", params }, headers, stop.signal));
    let last = await next();
    if (version === "2025-11-25") {
      expect(last!.data).toBeUndefined();
      last = await next();
    }
    expect(last!.data.method).toBe("notifications/progress");
    stop.abort();
    return last!.id!;
  };
  return { server: served, runs, get, listen, broken, ask, post, headers };
}

/** The messages of a stream until its end, without events that only tell an id. */
async function all(next: () => Promise<any>): Promise<any[]> {
  const seen: any[] = [];
  for (let event = await next(); event !== undefined; event = await next())
    if (event.data !== undefined) seen.push(event.data);
  return seen;
}

describe("an answer whose connection broke", () => {
  test.each([1, 2, 3])("is told to a client that comes back, at a length of %d MB", async (length) => {
    const { runs, listen, broken } = await open();
    const id = await broken(7);
    runs[0]!.end("x".repeat(length * MB));
    await settled();
    const [answer] = await all((await listen(id)).next);
    expect([answer.id, answer.result.content[0].text.length]).toEqual([7, length * MB]);
  });

  test.each([[7], ["seven"], ["a-1 \u00e9\u2028"], [-3]])(
    "is an error for its request (%j) when others have taken its place",
    async (request) => {
      const { runs, listen, broken, server } = await open();
      const id = await broken(request);
      runs[0]!.end("x");
      await settled();
      await broken("other");
      runs[1]!.end("x".repeat(1.5 * MB));
      await settled();
      const stream = await listen(id);
      expect(await all(stream.next)).toEqual([{ jsonrpc: "2.0", id: request, error: { code: -32603, message: lost } }]);
      // The stream of what belongs to no request is nobody else's to close.
      const standing = await listen();
      await standing.next();
      publish(server, { kind: "tools" });
      expect((await standing.next())!.data.method).toBe("notifications/tools/list_changed");
    },
  );

  test("is an error, without an id that is too long for a header, when the ledger has no room for it", async () => {
    const { runs, listen, broken } = await open({ maxKeptBytes: 100_000 });
    const id = await broken("x".repeat(1000));
    runs[0]!.end("x".repeat(200_000));
    await settled();
    expect(await all((await listen(id)).next)).toEqual([{ jsonrpc: "2.0", error: { code: -32603, message: lost } }]);
  });

  test("goes to the connection that came back last, however the one before it fares", async () => {
    const { runs, listen, broken } = await open();
    const id = await broken(7);
    const [halfOpen, newest] = [await listen(id), await listen(id)];
    runs[0]!.end("x");
    expect(await all(halfOpen.next)).toEqual([]);
    expect((await all(newest.next)).map((message) => message.id)).toEqual([7]);
    expect((await all((await listen(id)).next)).map((message) => message.id)).toEqual([7]);
  });

  test("is told once it is there, whatever has taken the place of what came before it", async () => {
    const { runs, listen, broken } = await open();
    const id = await broken(7);
    await broken("other");
    runs[1]!.end("x".repeat(1.5 * MB));
    await settled();
    const { next } = await listen(id);
    runs[0]!.progress(2);
    runs[0]!.end("late");
    const seen = await all(next);
    expect(seen.map(({ method, result }) => method ?? result.content[0].text)).toEqual([
      "notifications/progress",
      "late",
    ]);
  });

  test("is not told to credentials of the same caller that open less", async () => {
    const { runs, listen, broken } = await open({}, "2025-11-25", "admin");
    const id = await broken(7);
    runs[0]!.end("secret");
    await settled();
    const [weak] = await all((await listen(id, { "x-scopes": "other" })).next);
    expect(weak.error.message).toBe(lost);
    const [answer] = await all((await listen(id, { "x-scopes": "other admin" })).next);
    expect(answer.result.content[0].text).toBe("secret");
  });
});

/** Each breaks the connection of call 7, and leaves its stream in a state: the id of the last event that was read. */
const states: Record<string, (session: Awaited<ReturnType<typeof open>>) => Promise<string>> = {
  "a call that runs": ({ broken }) => broken(7),
  "a call that has its answer": async ({ broken, runs }) => {
    const id = await broken(7);
    runs[0]!.end("x");
    await settled();
    return id;
  },
  "a call whose answer is no longer kept": async ({ broken, runs }) => {
    const id = await broken(7);
    runs[0]!.end("x");
    await settled();
    await broken("other");
    runs[1]!.end("x".repeat(1.5 * MB));
    await settled();
    return id;
  },
  "no call": async ({ listen }) => {
    const { next, hangUp } = await listen();
    const { id } = (await next())!;
    hangUp();
    return id!;
  },
};

describe("the first event of a stream that is resumed", () => {
  test.each(Object.keys(states))("tells once more the id that the client came back with: %s", async (state) => {
    const session = await open();
    const id = await states[state]!(session);
    for (let times = 0; times < 3; times += 1) {
      const { next, hangUp } = await session.listen(id);
      expect(await next()).toEqual({ id, text: "", data: undefined });
      hangUp();
    }
  });

  test("is a message for a client of 2025-06-18", async () => {
    const session = await open({}, "2025-06-18");
    const { next } = await session.listen(await states["a call that has its answer"]!(session));
    expect((await next())!.data.id).toBe(7);
  });
});

describe("a client that comes back after the end of a stream is told to stay away", () => {
  test.each<[string, (session: Awaited<ReturnType<typeof open>>) => Promise<string>]>([
    [
      "with its answer",
      async (session) => {
        const { next } = await session.listen(await states["a call that has its answer"]!(session));
        await next();
        return (await next())!.id!;
      },
    ],
    [
      "with the error in place of its answer",
      async (session) => {
        const { next } = await session.listen(await states["a call whose answer is no longer kept"]!(session));
        await next();
        return (await next())!.id!;
      },
    ],
    [
      "cancelled",
      async ({ broken, post, headers }) => {
        const id = await broken(7);
        await post("ada", { method: "notifications/cancelled", params: { requestId: 7 } }, headers);
        return id;
      },
    ],
  ])("%s", async (_, end) => {
    const session = await open();
    const response = await session.get(await end(session));
    expect([response.status, response.body]).toEqual([204, null]);
  });
});

describe("a session that ends answers what still runs with an error", () => {
  const error = { code: -32603, message: "the client ended the session" };
  const call = (id: number) => ({
    ...{ jsonrpc: "2.0", id, method: "tools/call" },
    params: { name: "t", _meta: { progressToken: 1 } },
  });
  test.each<[string, string, object, string, object]>([
    ["on a stream", "2025-11-25", call(1), "text/event-stream", { jsonrpc: "2.0", id: 1, error }],
    ["as JSON", "2025-11-25", call(1), "application/json", { jsonrpc: "2.0", id: 1, error }],
    ["in a batch", "2025-03-26", [call(1)], "application/json", [{ jsonrpc: "2.0", id: 1, error }]],
  ])("%s", async (_, version, body, accept, answer) => {
    const { ask, runs, headers } = await open({}, version);
    const response = ask("ada", { body, headers: { ...headers, accept } });
    await settled();
    expect(runs.length).toBe(1);
    await ask("ada", { method: "DELETE", headers });
    const isStream = accept === "text/event-stream";
    const answered = isStream ? (await all(events(await response))).at(-1) : await (await response).json();
    expect(answered).toEqual(answer);
  });
});

describe("the stream of what belongs to no request", () => {
  test("tells an id to come back with at once, but not to clients that would take it for a message", async () => {
    const { listen, server } = await open();
    const first = await listen();
    const { id } = (await first.next())!;
    first.hangUp();
    publish(server, { kind: "tools" });
    const second = await listen(id);
    await second.next();
    expect((await second.next())!.data.method).toBe("notifications/tools/list_changed");
    const older = await open({}, "2025-06-18");
    const stream = await older.listen();
    publish(older.server, { kind: "tools" });
    expect((await stream.next())!.data.method).toBe("notifications/tools/list_changed");
  });

  test("may be several: each message goes to the newest that lives, and of too many the oldest closes", async () => {
    const { listen, server } = await open();
    const streams = [await listen(), await listen()];
    for (const { next } of streams) await next();
    publish(server, { kind: "tools" });
    const message = (await streams[1]!.next())!.data;
    expect(message.method).toBe("notifications/tools/list_changed");
    streams[1]!.hangUp();
    await settled();
    publish(server, { kind: "tools" });
    expect((await streams[0]!.next())!.data).toEqual(message);
    for (let more = 0; more < 4; more += 1) streams.push(await listen());
    expect(await streams[0]!.next()).toBeUndefined();
    await streams[2]!.next();
    publish(server, { kind: "tools" });
    await streams[5]!.next();
    expect((await streams[5]!.next())!.data).toEqual(message);
  });

  test.each([["unknown"], ["99-1"], ["1-x"], ["0-0"], ["99-1-%E0%A4%A"]])(
    "is what an id that no event had stands for: %s",
    async (id) => {
      const { listen, server } = await open();
      const { next } = await listen(id);
      publish(server, { kind: "tools" });
      for (let event = await next(); ; event = await next())
        if (event!.data !== undefined) return expect(event!.data.method).toBe("notifications/tools/list_changed");
    },
  );
});

describe("requests of one session with the same id at the same time", () => {
  test("are all answered: each has a response of its own", async () => {
    const { runs, post, headers } = await open();
    const call = () =>
      post("ada", { id: 1, method: "tools/call", params: { name: "t" } }, { ...headers, accept: "application/json" });
    const answers = [call(), call(), call()];
    await settled();
    runs.toReversed().forEach(({ end }, index) => end(`${index}`));
    const texts = await Promise.all(answers.map(async (answer) => ((await (await answer).json()) as any).result));
    expect(texts.map(({ content }) => content[0].text)).toEqual(["2", "1", "0"]);
  });

  test("are all cancelled by a cancellation of the id", async () => {
    const { post, headers } = await open();
    const call = () =>
      post("ada", { id: 1, method: "tools/call", params: { name: "t" } }, { ...headers, accept: "application/json" });
    const answers = [call(), call()];
    await settled();
    await post("ada", { method: "notifications/cancelled", params: { requestId: 1 } }, headers);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 202]);
  });
});
