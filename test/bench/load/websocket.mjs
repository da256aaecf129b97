// Requests over WebSocket, a number of them in flight on each of some connections; answers are counted, not parsed.
import { WebSocket } from "ws";

/** Opens connections, and says on each what opens a conversation. */
export function connected(port, count, opening) {
  return Promise.all(Array.from({ length: count }, () => open(port, opening)));
}

async function open(port, opening) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["mcp"]);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  for (const message of opening) {
    socket.send(JSON.stringify(message));
    if (message.id !== undefined) await new Promise((resolve) => socket.once("message", resolve));
  }
  return socket;
}

/** Keeps `flight` requests waiting on each connection for `ms`: how many were answered, and until when. */
export async function burst(sockets, flight, request, ms) {
  const from = performance.now();
  const counts = await Promise.all(sockets.map((socket) => exchange(socket, flight, request, from + ms)));
  return { answers: counts.reduce((sum, count) => sum + count, 0), ms: performance.now() - from };
}

function exchange(socket, flight, request, until) {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let received = 0;
    const send = () => socket.send(request.replace("%", String((sent += 1))));
    const closed = () => reject(new Error("the connection was closed"));
    const answered = () => {
      received += 1;
      if (performance.now() < until) return send();
      if (received < sent) return;
      socket.off("message", answered).off("close", closed);
      resolve(received);
    };
    socket.on("message", answered).on("close", closed);
    for (let index = 0; index < flight; index++) send();
  });
}
