import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import pino from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "../../runtime/protocol/connection.js";
import { defineServer, withOptions } from "../../runtime/protocol/define-server.js";
import { createLogger, describe, hookSink, jsonLine, type LogRecord } from "../../runtime/protocol/logger.js";
import { redact } from "../../runtime/protocol/redact.js";
import { createLogging } from "../../runtime/logging/logging.js";
import { prettyLines } from "../../runtime/logging/pretty.js";
import { openLogFile } from "../../runtime/node/log-file.js";
import { withSources } from "../../runtime/node/stack-traces.js";
import { converse } from "./conversation.js";
import { serverWith } from "./surface.js";

/** The bytes for which the disk has room. */
const disk = vi.hoisted(() => ({ room: Infinity }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const writeSync = (file: number, bytes: Buffer, from: number): number => {
    if (disk.room === 0) throw new Error("no space left on device");
    const written = fs.writeSync(file, bytes, from, Math.min(bytes.length - from, disk.room));
    disk.room -= written;
    return written;
  };
  return { ...fs, writeSync };
});

const claim = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const record = (more: Partial<LogRecord> = {}): LogRecord => ({
  time: "2026-07-28T10:11:12.345Z",
  level: "info",
  message: "hello",
  details: {},
  ...more,
});

const cyclic: any = { name: "loop" };
cyclic.self = cyclic;
const hidden = { names: new Set(["password", "apikey"]), secrets: new Set(["hunter2", "hunter2-and-more", ""]) };

const redactions: [what: string, value: unknown, shown: unknown][] = [
  ["a field", { password: "x" }, { password: "[redacted]" }],
  [
    "a field at any depth, in a list, in any case",
    [{ a: { PassWord: { b: 1 } } }],
    [{ a: { PassWord: "[redacted]" } }],
  ],
  ["another field", { passwords: "x" }, { passwords: "x" }],
  ["a secret in a text", "key=hunter2!", "key=[redacted]!"],
  ["the longer of two secrets", "hunter2-and-more", "[redacted]"],
  ["a secret as a key", { "x-hunter2": 1 }, { "x-[redacted]": 1 }],
  [
    "a secret in an error",
    { error: Object.assign(new Error("hunter2"), { stack: "Error: hunter2" }) },
    { error: "Error: [redacted]" },
  ],
  ["a bearer token", "Authorization: Bearer abc.DEF-123=", "Authorization: Bearer [redacted]"],
  ["a bearer token of letters", "authorization: bearer abcdefghijkl", "authorization: bearer [redacted]"],
  ["a signed token", "id_token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln;", "id_token=[redacted];"],
  ["an encrypted token", "eyJhbGciOiJSU0EifQ.a2V5.aXY.dGV4dA.dGFn", "[redacted]"],
  ["no signed token", "eyJ.a.b, eyJhbGciOiJIUzI1NiJ9.only", "eyJ.a.b, eyJhbGciOiJIUzI1NiJ9.only"],
  ["a challenge", 'Bearer realm="x", error="y"', 'Bearer realm="x", error="y"'],
  ["no bearer token", "a Bearer token is missing", "a Bearer token is missing"],
  ["a password in a URL", "postgres://ada:s3cret@db/x", "postgres://ada:[redacted]@db/x"],
  ["a long password in a URL", `a://ada:${"s3cret".repeat(100)}@db`, "a://ada:[redacted]@db"],
  ["a password that should have been encoded", "a://:x/y@z?#/@db/0 b@c", "a://:[redacted]@db/0 b@c"],
  ["the second URL", "http://h:80/x,a://ada:s3cret@db", "http://h:80/x,a://ada:[redacted]@db"],
  ["basic authentication", 'authorization: "Basic YWRhOnMzY3JldA=="', 'authorization: "Basic [redacted]"'],
  ["no basic authentication", "basic authentication is off", "basic authentication is off"],
  ["a password that begins with many digits", "a://u:1234567/x@db", "a://u:[redacted]@db"],
  ...["http://localhost:3000/a@b", "http://[::1]:3000/@a", '{"a":"http://localhost:3000","b":"c@d"}'].map(
    (text): [string, string, string] => ["no password in a URL", text, text],
  ),
  ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
  [
    "what is no JSON",
    [1n, Symbol("s"), () => 1, undefined, null, NaN],
    ["1", "Symbol(s)", "a function", undefined, null, NaN],
  ],
  ["bytes", new Uint8Array(3), "3 bytes"],
  ["a long text", "x".repeat(20_000), `${"x".repeat(16_384)}… 3616 more characters`],
  ["a long list", Array(102).fill(0), [...Array(100).fill(0), "… 2 more"]],
  [
    "a getter that throws",
    Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw 1;
      },
    }),
    "a value that cannot be shown",
  ],
];

test.each(redactions)("%s is shown as it should be", (_, value, shown) => {
  expect(redact(value, hidden)).toEqual(shown);
});

test.each(["://a:", "://", "://a", "authorization: basic ", "Bearer "])(
  "credentials in a long text are sought in one pass: %j",
  (part) => {
    const text = part.repeat(1_000_000 / part.length);
    const began = performance.now();
    redact(text);
    // A second pass for each part would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);

test("entries of a worker have its number, also those of its observers", async () => {
  const entries: [string, unknown][] = [];
  const { surface, handlers } = serverWith({ t: () => "x" });
  const server = defineServer(surface, handlers, () => ({
    worker: 2,
    logger: (_level, message, details) => void entries.push([message, details]),
    observers: [
      {
        onCall: () => {
          throw new Error("no");
        },
      },
    ],
  }));
  const { request } = await converse(server, "2026-07-28");
  await request("tools/list");
  expect(entries).toMatchObject([["a request could not be recorded", { worker: 2 }]]);
});

test("a cycle ends", () => {
  expect(JSON.stringify(redact(cyclic))).toMatch(/^({"name":"loop","self":){8}"…"}+$/);
});

/** What a terminal, a pager or a line reader could take for more than text. */
const active = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u;

test("nothing that is logged can forge an entry or reach the terminal", () => {
  const forged = record({
    message: "x\n10:11:12.345 ERROR forged\u001b[31m\r\u009b2J",
    details: { error: "a\nb\u001b[0m\u2028c", "k\ney": "v" },
  });
  const shown = [
    String.raw`10:11:12.345 INFO    x\u000a10:11:12.345 ERROR forged\u001b[31m\u000d\u009b2J "k\ney"=v`,
    "    a",
    String.raw`    b\u001b[0m\u2028c`,
  ];
  expect(prettyLines(forged, false).split("\n")).toEqual(shown);
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\n", "\r\n", "\u001b[1m", "\u0085", "\u202e"));
  const values = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(text), fc.dictionary(text, text)));
  fc.assert(
    fc.property(text, values, (message, details) => {
      const entry = record({ message, details: redact(details) as any });
      const [head, ...rest] = prettyLines(entry, false).split("\n");
      expect(head).toMatch(/^10:11:12\.345 INFO    /);
      for (const line of rest) expect(line).toMatch(/^    /);
      for (const line of [head!, ...rest]) expect(active.test(line)).toBe(false);
      const json = jsonLine(entry);
      expect(active.test(json)).toBe(false);
      expect(JSON.parse(json)).toMatchObject({ time: entry.time, level: "info", message });
    }),
  );
});

test("colours are only those of the log itself", () => {
  expect(prettyLines(record({ level: "error", details: { id: 7 } }), true)).toBe(
    "\u001b[2m10:11:12.345\u001b[0m \u001b[31mERROR  \u001b[0m hello \u001b[2mid=\u001b[0m7",
  );
});

test("details cannot stand for the time, the level or the message", () => {
  const line = jsonLine(record({ details: { level: "emergency", message: "forged", time: "never", more: 1 } }));
  expect(line).toBe('{"time":"2026-07-28T10:11:12.345Z","level":"info","message":"hello","more":1}');
});

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.each([
  { maxFiles: 2, kept: ["log", "log.1", "log.2"] },
  { maxFiles: 1, kept: ["log", "log.1"] },
  { maxFiles: 0, kept: ["log"] },
])("a file turns over, and $maxFiles old ones are kept", ({ maxFiles, kept }) => {
  const folder = join(place(), "deep", "er");
  const write = openLogFile({ path: join(folder, "log"), maxBytes: 100, maxFiles });
  for (let number = 0; number < 40; number++) write(`line ${number}`);
  expect(readdirSync(folder).sort()).toEqual(kept);
  const lines = kept.toReversed().flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"));
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => `line ${40 - lines.length + index}`));
  for (const name of kept) expect(readFileSync(join(folder, name)).length).toBeLessThanOrEqual(100);
});

test.each(["without a new file", "with a new file"])(
  "a file that another program renames, %s, costs no old file",
  (how) => {
    const path = join(place(), "log");
    const write = openLogFile({ path, maxBytes: 100, maxFiles: 1 });
    const line = "x".repeat(60);
    for (const name of ["older", "old"]) write(name + line);
    renameSync(path, `${path}.moved`);
    if (how === "with a new file") writeFileSync(path, "");
    write(`new${line}`);
    const files = ["log", "log.1", "log.moved"].map((name) => readFileSync(join(path, "..", name), "utf8"));
    expect(files).toEqual([`new${line}\n`, `older${line}\n`, `old${line}\n`]);
  },
);

test("a file goes on where another process has left it; a line longer than a file has one for itself", () => {
  const path = join(place(), "log");
  writeFileSync(path, "before\n");
  openLogFile({ path, maxBytes: 1000, maxFiles: 1 })("after");
  expect(readFileSync(path, "utf8")).toBe("before\nafter\n");
  openLogFile({ path, maxBytes: 10, maxFiles: 1 })("x".repeat(50));
  expect([path, `${path}.1`].map((each) => readFileSync(each, "utf8").length)).toEqual([51, 13]);
});

test.each([
  ["nothing", 0, 1000, "last\n"],
  ["a part of a line", 3, 1000, "fir\nlast\n"],
  ["a part of a line, and turns over", 3, 8, "last\n"],
  ["a line", 6, 1000, "first\nlast\n"],
])("after a full disk that took %s, a file goes on with a whole line", (_, room, maxBytes, content) => {
  const path = join(place(), "log");
  const problems: string[] = [];
  const write = openLogFile({ path, maxBytes, maxFiles: 1 }, (problem) => void problems.push(problem));
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  onTestFinished(() => void (now.mockRestore(), (disk.room = Infinity)));
  disk.room = room;
  for (const line of ["first", "lost"]) write(line);
  now.mockReturnValue(10_000);
  write("lost, too");
  expect(problems).toEqual([`the log file ${path} cannot be written: no space left on device`]);
  disk.room = Infinity;
  now.mockReturnValue(20_000);
  expect(write("last")).toBe(true);
  expect(readFileSync(path, "utf8")).toBe(content);
});

test.each(["/dev/full", "/dev/null/log", "/proc/log"])("a file that cannot be written (%s) is told of once", (path) => {
  const said: unknown[] = [];
  const { error } = console;
  console.error = (text) => said.push(text);
  try {
    const write = openLogFile({ path, maxBytes: 1000, maxFiles: 1 });
    for (let number = 0; number < 3; number++) write("line");
  } finally {
    console.error = error;
  }
  expect(said).toEqual([expect.stringContaining(`the log file ${path} cannot be written: `)]);
});

test("the hook takes a pino of one's own", () => {
  const lines: any[] = [];
  const log = createLogger(
    "debug",
    hookSink(pino({ level: "trace" }, { write: (line: string) => lines.push(JSON.parse(line)) })),
    hidden,
  );
  for (const level of ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const)
    log(level, `a ${level}`, { password: "x", n: 1 });
  const levels = { debug: 20, info: 30, notice: 30, warning: 40, error: 50, critical: 60, alert: 60, emergency: 60 };
  expect(lines.map(({ level, msg, password, n }) => ({ level, msg, password, n }))).toEqual(
    Object.entries(levels).map(([name, level]) => ({ level, msg: `a ${name}`, password: "[redacted]", n: 1 })),
  );
});

test("the hook takes a function; what it fails to write goes to standard error", async () => {
  const seen: unknown[] = [];
  createLogger(
    "info",
    hookSink((...entry) => void seen.push(entry)),
  )("notice", "m", { a: 1 });
  createLogger(
    "info",
    hookSink((...entry) => void seen.push(entry)),
  )("debug", "too quiet");
  expect(seen).toEqual([["notice", "m", { a: 1 }]]);
  const said: string[] = [];
  const { error } = console;
  console.error = (text) => said.push(text);
  try {
    createLogger(
      "info",
      hookSink(() => {
        throw new Error("broken");
      }),
    )("info", "first");
    createLogger(
      "info",
      hookSink((async () => {
        throw new Error("broken");
      }) as never),
    )("info", "second");
    createLogger(
      "info",
      hookSink({
        info: () => {
          throw 1;
        },
      } as never),
    )("info", "third");
    await new Promise(setImmediate);
  } finally {
    console.error = error;
  }
  expect(said.map((line) => JSON.parse(line).message).sort()).toEqual(["first", "second", "third"]);
});

test("what is not logged costs nothing: no request is watched below the level, no id is made for nothing", async () => {
  const log: [string, any][] = [];
  const quiet = createLogging({ level: "info", format: "json", redact: [], requests: "debug" });
  const tools = {
    silent: (_: unknown, { log }: any) => (log.debug("too quiet"), "done"),
    chatty: (_: unknown, { log }: any) => (log.info("hello"), "done"),
  };
  const { surface, handlers } = serverWith(tools as never);
  const logging = { ...quiet, write: ({ message, details }: LogRecord) => void log.push([message, details]) };
  const server = defineServer(surface, handlers, () => ({ logging }));
  expect(defineServer(surface, handlers)).toMatchObject({ observers: undefined, logging: undefined });
  expect(server.observers).toBeUndefined();
  expect(withOptions(server, { logLevel: "debug" }).observers).toHaveLength(1);
  const connection = connect(server, () => {});
  const call = (id: number, name: string): void =>
    connection.receive({ jsonrpc: "2.0", id, method: "tools/call", params: { name, _meta: claim } });
  for (let id = 0; id < 5; id++) call(id, "silent");
  call(5, "chatty");
  call(6, "silent");
  call(7, "chatty");
  await new Promise(setImmediate);
  const number = (id: string): number => Number(/-(\d+)$/.exec(id)![1]);
  const [first, second] = log.map(([, { requestId }]) => number(requestId));
  expect(log.map(([message]) => message)).toEqual(["hello", "hello"]);
  expect(second! - first!).toBe(1);
});

test("an entry of a request says who called, where that is known", async () => {
  const log: any[] = [];
  const logging = {
    ...createLogging({ level: "info", format: "json", redact: [], requests: "info" }),
    write: ({ details }: LogRecord) => void log.push(details),
  };
  const fail = (_: unknown, { log }: any): never => {
    log.info("hello");
    throw new Error("broken");
  };
  const { surface, handlers } = serverWith({ t: fail } as never);
  for (const auth of [undefined, { principal: "ada", scopes: [], claims: {} }]) {
    const connection = connect(
      defineServer(surface, handlers, () => ({ logging })),
      () => {},
      auth,
    );
    connection.receive({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "t", _meta: claim } });
    await new Promise(setImmediate);
  }
  const said = ["hello", "failure", "answered"];
  expect(log.map(({ principal }) => principal)).toEqual([...said.map(() => undefined), ...said.map(() => "ada")]);
});

test("an error is told with its causes, each once, however they are chained", () => {
  const linked = (...messages: string[]): Error =>
    messages.reduceRight<Error | undefined>((cause, message) => new Error(message, { cause }), undefined)!;
  const circle = linked("one", "two");
  (circle.cause as Error).cause = circle;
  const endless = (): Error => Object.defineProperty(new Error("more"), "cause", { get: endless });
  const shown = (error: unknown): (string | undefined)[] =>
    [...describe(error).matchAll(/^(?:caused by )?(?:Error|thrown): (.*)$/gm)].map(([, message]) => message);
  expect(shown(linked("one", "two", "three"))).toEqual(["one", "two", "three"]);
  expect(shown(circle)).toEqual(["one", "two"]);
  expect(shown(endless())).toEqual(Array(8).fill("more"));
  expect(shown(new Error("one", { cause: "a text" }))).toEqual(["one", "a text"]);
});

test("looking for paths in a long text takes time as long as the text, not more", () => {
  // From each slash to the end, this would be five billion steps.
  const text = "/".repeat(100_000);
  const seen: unknown[] = [];
  withSources((_level, _message, details) => seen.push(details?.["error"]))("error", "", { error: text });
  expect(seen).toEqual([text]);
});
