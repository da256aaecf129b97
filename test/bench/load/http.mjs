// A load generator over keep-alive connections that does as little as it can: whole requests made beforehand, answers
// measured by their content-length and not parsed.
import { connect } from "node:net";

/** The bytes of a POST. */
export function post(port, path, body, headers = {}) {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "content-length": Buffer.byteLength(text),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`);
}

/**
 * Sends `request` on `count` connections, again as soon as it is answered, for `ms`: how many answers came, and the
 * milliseconds until the last of them. The connections are new, and opened before: idle ones would be closed.
 */
export async function burst(port, count, request, ms) {
  const opening = Array.from({ length: count }, () => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    return new Promise((resolve, reject) => socket.once("connect", () => resolve(socket)).once("error", reject));
  });
  const sockets = await Promise.all(opening);
  const from = performance.now();
  const counts = await Promise.all(sockets.map((socket) => exchange(socket, request, from + ms)));
  const took = performance.now() - from;
  for (const socket of sockets) socket.destroy();
  return { answers: counts.reduce((sum, count) => sum + count, 0), ms: took };
}

function exchange(socket, request, until) {
  return new Promise((resolve, reject) => {
    const answered = answers((status, body) => {
      if (status !== 200) return done(new Error(`status ${status}: ${body()}`));
      count += 1;
      if (performance.now() < until) socket.write(request);
      else done();
    });
    let count = 0;
    const done = (error) => {
      socket.off("data", answered).off("close", closed);
      if (error) reject(error);
      else resolve(count);
    };
    const closed = () => done(new Error("the connection was closed"));
    socket.on("data", answered).on("close", closed);
    socket.write(request);
  });
}

/** Takes bytes as they come, and tells of each answer once it is whole: by its length, or by its last chunk. */
export function answers(whole) {
  let head = "";
  let status = 0;
  let missing = 0;
  let chunked = false;
  let kept = [];
  let tail = "";
  return (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (missing > 0) {
        const piece = Math.min(missing, bytes.length - at);
        kept.push(bytes.subarray(at, at + piece));
        at += piece;
        missing -= piece;
      } else if (chunked) {
        kept.push(bytes.subarray(at));
        at = bytes.length;
        tail = (tail + bytes.latin1Slice(Math.max(0, bytes.length - 5))).slice(-5);
        if (tail !== "0\r\n\r\n") continue;
        chunked = false;
        tail = "";
      } else {
        const end = bytes.indexOf("\r\n\r\n", at);
        head += bytes.latin1Slice(at, end === -1 ? bytes.length : end);
        if (end === -1) return;
        at = end + 4;
        status = Number(head.slice(9, 12));
        const length = /\ncontent-length: *(\d+)/i.exec(head);
        chunked = length === null && /\ntransfer-encoding: *chunked/i.test(head);
        missing = length === null ? 0 : Number(length[1]);
        kept = [];
      }
      if (missing > 0 || chunked) continue;
      const received = kept;
      const answer = head;
      head = "";
      whole(status, () => Buffer.concat(received).toString(), answer);
    }
  };
}

/** One answer, over a connection of its own. */
export function once(port, request) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const whole = (status, body, head) => {
      socket.destroy();
      resolve({ status, head, body: body() });
    };
    socket.on("data", answers(whole)).on("error", reject);
    socket.on("close", () => reject(new Error("closed without an answer")));
    socket.write(request);
  });
}
