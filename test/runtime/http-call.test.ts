import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpCall, requestOf, type HttpOperation, type HttpParameter } from "../../runtime/http-call/index.js";
import { composedText, type ComposedResult } from "../../runtime/protocol/tool-result.js";

const settings = { baseUrl: "https://api.example.com/v1/", key: "s3cret", user: "ann", password: "p:w" };
const get = (more: Partial<HttpOperation>): HttpOperation => ({
  method: "GET",
  baseUrl: "baseUrl",
  path: "/a",
  ...more,
});

/** Returns what follows the base URL. */
function sent(parameter: Omit<HttpParameter, "name">, value: unknown): string {
  const path = parameter.in === "path" ? "/{color}" : "/";
  const { url, init } = requestOf(
    get({ path, parameters: [{ ...parameter, name: "color" }] }),
    { color: value },
    settings,
  );
  if (parameter.in === "header") return init.headers.get("color") ?? "";
  if (parameter.in === "cookie") return init.headers.get("cookie") ?? "";
  return url.href.slice("https://api.example.com/v1/".length);
}

const list = ["blue", "black", "brown"];
const object = { R: 100, G: 200, B: 150 };

describe("an argument is written by its style, as in the tables of OpenAPI 3.1 (4.8.12.6)", () => {
  test.each<[parameter: Omit<HttpParameter, "name">, text: string, ofList: string, ofObject: string]>([
    [{ in: "path", style: "matrix" }, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"],
    [
      { in: "path", style: "matrix", explode: true },
      ";color=blue",
      ";color=blue;color=black;color=brown",
      ";R=100;G=200;B=150",
    ],
    [{ in: "path", style: "label" }, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"],
    [{ in: "path", style: "label", explode: true }, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"],
    [{ in: "path" }, "blue", "blue,black,brown", "R,100,G,200,B,150"],
    [{ in: "path", explode: true }, "blue", "blue,black,brown", "R=100,G=200,B=150"],
    [{ in: "header" }, "blue", "blue,black,brown", "R,100,G,200,B,150"],
    [{ in: "header", explode: true }, "blue", "blue,black,brown", "R=100,G=200,B=150"],
    [{ in: "query" }, "?color=blue", "?color=blue&color=black&color=brown", "?R=100&G=200&B=150"],
    [{ in: "query", explode: false }, "?color=blue", "?color=blue,black,brown", "?color=R,100,G,200,B,150"],
    [
      { in: "query", style: "spaceDelimited", explode: false },
      "?color=blue",
      "?color=blue%20black%20brown",
      "?color=R%20100%20G%20200%20B%20150",
    ],
    [
      { in: "query", style: "pipeDelimited", explode: false },
      "?color=blue",
      "?color=blue%7Cblack%7Cbrown",
      "?color=R%7C100%7CG%7C200%7CB%7C150",
    ],
    [
      { in: "query", style: "deepObject" },
      "?color=blue",
      "?color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown",
      "?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
    ],
    [
      { in: "query", json: true },
      "?color=%22blue%22",
      "?color=%5B%22blue%22%2C%22black%22%2C%22brown%22%5D",
      "?color=%7B%22R%22%3A100%2C%22G%22%3A200%2C%22B%22%3A150%7D",
    ],
    [{ in: "cookie", explode: false }, "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"],
  ])("%j", (parameter, text, ofList, ofObject) => {
    expect([sent(parameter, "blue"), sent(parameter, list), sent(parameter, object)]).toEqual([text, ofList, ofObject]);
  });

  test.each<[what: string, parameter: Omit<HttpParameter, "name">, value: unknown, text: string]>([
    ["reserved characters", { in: "query" }, "a&b=c#d/e?f", "?color=a%26b%3Dc%23d%2Fe%3Ff"],
    ["reserved characters, allowed", { in: "query", allowReserved: true }, "a/b?c&d#e=f", "?color=a/b?c%26d%23e%3Df"],
    ["a slash in a path", { in: "path" }, "../../admin", "..%2F..%2Fadmin"],
    ["encoded dots in a path", { in: "path" }, "%2e%2e", "%252e%252e"],
    ["letters beyond ASCII", { in: "path" }, "Zürich", "Z%C3%BCrich"],
    ["an empty list in a query", { in: "query" }, [], ""],
    ["true, numbers and null", { in: "query" }, [true, 1.5, null], "?color=true&color=1.5&color=null"],
    ["nothing", { in: "query" }, undefined, ""],
  ])("%s", (_, parameter, value, text) => expect(sent(parameter, value)).toBe(text));

  test.each(["", ".", "..", [], undefined])("%j is refused as a segment of a path", (value) => {
    expect(() => sent({ in: "path" }, value)).toThrow(/"color" (?:must not be|is missing)/);
  });
  test("a line end is refused in a header, and the value is not shown", () => {
    expect(() => sent({ in: "header" }, "s3cret\r\nx: y")).toThrow(/^(?!.*s3cret).*the header "color" cannot have/);
  });
});

describe("credentials", () => {
  const key = { in: "query", name: "k", setting: "key" } as const;
  test.each<
    [what: string, security: NonNullable<HttpOperation["security"]>, url: string, headers: Record<string, string>]
  >([
    ["a key in the query", [[key]], "?k=s3cret", {}],
    ["a key in a header", [[{ in: "header", name: "x-key", setting: "key" }]], "", { "x-key": "s3cret" }],
    ["a key in a cookie", [[{ in: "cookie", name: "sid", setting: "key" }]], "", { cookie: "sid=s3cret" }],
    ["a bearer token", [[{ in: "bearer", setting: "key" }]], "", { authorization: "Bearer s3cret" }],
    [
      "a name and a password",
      [[{ in: "basic", username: "user", password: "password" }]],
      "",
      { authorization: `Basic ${Buffer.from("ann:p:w").toString("base64")}` },
    ],
    ["two together", [[key, { in: "bearer", setting: "key" }]], "?k=s3cret", { authorization: "Bearer s3cret" }],
    ["the first that is there", [[{ in: "bearer", setting: "none" }], [key]], "?k=s3cret", {}],
    ["none, where none are needed", [[{ in: "bearer", setting: "none" }], []], "", {}],
  ])("%s", (_, security, url, headers) => {
    const request = requestOf(get({ security }), {}, settings);
    expect([request.url.search, Object.fromEntries(request.init.headers)]).toEqual([url, headers]);
  });
  test("that are missing are named", () => {
    const security = [[{ in: "bearer", setting: "token" }], [{ in: "basic", username: "u", password: "p" }]] as const;
    expect(() => requestOf(get({ security }), {}, settings)).toThrow("must set token, or u and p");
  });
});

test.each<[type: string, value: unknown, text: string]>([
  ["application/json", { a: [1, { b: null }] }, '{"a":[1,{"b":null}]}'],
  ["application/vnd.api+json", "text", '"text"'],
  [
    "application/x-www-form-urlencoded",
    { a: "x y&z", b: [1, 2], c: { d: 1 } },
    "a=x+y%26z&b=1&b=2&c=%7B%22d%22%3A1%7D",
  ],
  ["text/plain", "text", "text"],
])("a body of the type %s", (type, value, text) => {
  const operation = get({ method: "POST", body: { type, argument: "body" } });
  const { init } = requestOf(operation, { body: value }, settings);
  expect([init.body, init.headers.get("content-type")]).toEqual([text, type]);
});

test("a body of the type multipart/form-data", () => {
  const operation = get({ method: "POST", body: { type: "multipart/form-data", argument: "body" } });
  const { init } = requestOf(operation, { body: { a: 1, b: ["x", "y"], c: { d: 1 } } }, settings);
  const form = init.body as FormData;
  expect([form.get("a"), form.getAll("b"), (form.get("c") as File).type]).toEqual([
    "1",
    ["x", "y"],
    "application/json",
  ]);
});

test("a file in a form is decoded, and has a name and a type", async () => {
  const encoding = { photo: { contentType: "image/png" } };
  const body = { type: "multipart/form-data", argument: "body", files: ["file", "photo"], encoding };
  const operation = get({ method: "POST", body });
  const { init } = requestOf(
    operation,
    { body: { file: "aGVsbG8=", photo: ["AP8=", "AA=="], note: "aGk=" } },
    settings,
  );
  const form = init.body as FormData;
  const [file, ...photos] = [form.get("file"), ...form.getAll("photo")] as File[];
  expect([file!.name, file!.type, await file!.text()]).toEqual(["file", "application/octet-stream", "hello"]);
  expect(photos.map(({ name, type, size }) => [name, type, size])).toEqual([
    ["photo", "image/png", 2],
    ["photo", "image/png", 1],
  ]);
  expect(form.get("note")).toBe("aGk=");
  expect(() => requestOf(operation, { body: { file: "no base64!" } }, settings)).toThrow(
    '"file" must be the content of a file, in base64',
  );
});

describe("a response", () => {
  const answers: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {
    "/object": (response) => response.setHeader("content-type", "application/json").end('{"a":1}'),
    "/text": (response) => response.setHeader("content-type", "text/plain").end("hello"),
    "/image": (response) => response.setHeader("content-type", "image/png").end(Buffer.of(1, 2)),
    "/bytes": (response) => response.setHeader("content-type", "application/pdf").end(Buffer.of(1, 2)),
    "/nothing": (response) => response.writeHead(204).end(),
    "/missing": (response) => response.writeHead(404).end(`no such pet ${"x".repeat(2000)}`),
    "/html": (response) => response.setHeader("content-type", "text/html").end("<p>"),
    "/long": (response) => response.setHeader("content-type", "text/plain").end("x".repeat(2000)),
    "/moved": (response) => response.writeHead(301, { location: "/object" }).end(),
    "/loop": (response) => response.writeHead(302, { location: "/loop" }).end(),
    "/away": (response) => response.writeHead(302, { location: "http://localhost:1/object" }).end(),
    "/silent": () => {},
    "/cut": (_response, { socket }) => socket.destroy(),
  };
  const server = createServer((request, response) => answers[request.url!]!(response, request));
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const call = (path: string, more: Partial<HttpOperation> = {}, signal = new AbortController().signal): Promise<any> =>
    httpCall(get({ path, maxResponseBytes: 1500, ...more }))({}, { signal, config: { baseUrl: url } });

  test.each<[path: string, structured: boolean, value: unknown]>([
    ["/object", true, { a: 1 }],
    ["/object", false, '{"a":1}'],
    ["/moved", true, { a: 1 }],
    ["/text", false, "hello"],
    ["/image", false, { type: "image", mimeType: "image/png", data: "AQI=" }],
    ["/nothing", false, "the API answered 204, without content"],
  ])("to %s, structured: %s", async (path, structured, value) => {
    const answer = await call(path, { structured });
    expect(structured ? answer.value : answer).toEqual(value);
  });
  test("that its document does not allow is not cached", async () => {
    const answer = (await call("/object", { structured: true })) as ComposedResult;
    const [refuses, takes] = [false, true].map((isValid) => Object.assign(() => isValid, { errors: [] }));
    expect([composedText(answer, refuses), composedText(answer, takes)]).toEqual([undefined, expect.any(String)]);
  });
  test("of other bytes is a resource", async () => {
    const resource = { uri: `${url}/bytes`, mimeType: "application/pdf", blob: "AQI=" };
    expect(await call("/bytes")).toEqual({ type: "resource", resource });
  });

  test.each<[path: string, message: RegExp]>([
    ["/missing", /^the API answered 404 Not Found: no such pet x{988}…$/],
    ["/html", /^the API answered without JSON: <p>$/],
    ["/nothing", /^the API answered without JSON: there is no content$/],
    ["/cut", /^the connection to the API broke before its answer was there; it may have carried the request out$/],
    ["/long", /^the response of the API has more than 1500 bytes/],
    ["/loop", /^the API redirects more than 5 times$/],
    ["/away", /^the API redirects to http:\/\/localhost:1, which is not followed: it is another origin$/],
  ])("to %s is an error that the model can read", async (path, message) => {
    const { options } = (await call(path, { structured: true })) as { options: { isError: boolean; content: string } };
    expect(options).toEqual({ isError: true, content: expect.stringMatching(message) });
  });
  test("that cannot be had is one, too", async () => {
    const config = { baseUrl: "http://127.0.0.1:1" };
    const { options } = await httpCall(get({}))({}, { signal: new AbortController().signal, config });
    expect(options.content).toMatch(/^the API cannot be reached: /);
  });
  test("is not waited for after the call is cancelled", async () => {
    const controller = new AbortController();
    const pending = call("/silent", {}, controller.signal);
    controller.abort(new Error("cancelled"));
    await expect(pending).rejects.toThrow("cancelled");
  });
});
