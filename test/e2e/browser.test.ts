import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serveHttp, serverOf } from "./clients.js";

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const page = `<!doctype html><title>A tool's stream</title><ol></ol><script>
const seen = [];
const source = new EventSource("/mcp/tools/test_tool_with_progress/sse");
for (const name of ["tool_start", "tool_progress", "tool_complete", "tool_error"]) {
  source.addEventListener(name, async ({ data }) => {
    const item = document.createElement("li");
    item.textContent = name + " " + data;
    document.querySelector("ol").append(item);
    if (name !== "tool_complete" && name !== "tool_error") return;
    source.close();
    const items = [...document.querySelectorAll("li")].map((item) => item.textContent);
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "test_simple_text", _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} } } };
    const answer = await fetch(DIRECT, { method: "POST", body: JSON.stringify(call), headers: { "content-type": "application/json",
      accept: "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "test_simple_text" } });
    await fetch("/done", { method: "POST", body: JSON.stringify({ items, answer: await answer.json() }) });
  });
}
</script>`;

test.skipIf(chromium === undefined)(
  "a page in Chromium follows a tool, survives a dropped connection, and calls across origins",
  async () => {
    const http = await serveHttp(serverOf("everything"));
    onTestFinished(() => http.stop());
    let streams = 0;
    let finish!: (result: any) => void;
    const finished = new Promise<any>((resolve) => (finish = resolve));
    // Serves the page, and the server behind it; cuts the first stream after its first progress.
    const front = createServer((incoming, outgoing) => {
      if (incoming.url === "/") {
        outgoing.setHeader("content-type", "text/html");
        return outgoing.end(page.replace("DIRECT", JSON.stringify(http.url.href)));
      }
      if (incoming.url === "/done") {
        let body = "";
        incoming
          .on("data", (chunk: Buffer) => (body += chunk))
          .on("end", () => (outgoing.end(), finish(JSON.parse(body))));
        return undefined;
      }
      if (!incoming.url!.startsWith("/mcp/")) return outgoing.writeHead(404).end();
      streams += 1;
      const cut = streams === 1;
      const onward = httpRequest(
        new URL(incoming.url!, http.url),
        { headers: { ...incoming.headers, host: http.url.host } },
        (response) => {
          outgoing.writeHead(response.statusCode!, response.headers);
          response.on("data", (chunk: Buffer) => {
            outgoing.write(chunk);
            if (cut && chunk.includes("tool_progress")) setImmediate(() => (outgoing.destroy(), onward.destroy()));
          });
          response.on("end", () => outgoing.end());
        },
      );
      onward.on("error", () => outgoing.destroy());
      onward.end();
      return undefined;
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const profile = mkdtempSync(join(tmpdir(), "mcpc-chromium-"));
    const options = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--user-data-dir=${profile}`,
    ];
    const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}/`;
    const browser = spawn(chromium!, [...options, "--remote-debugging-port=0", address], {
      stdio: "ignore",
      detached: true,
    });
    onTestFinished(async () => {
      const gone = once(browser, "exit");
      // With all that it has started, which would go on writing to its profile.
      process.kill(-browser.pid!, "SIGKILL");
      front.closeAllConnections();
      front.close();
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
    const { items, answer } = await finished;
    expect(streams).toBe(2);
    expect(items.map((item: string) => item.split(" ")[0])).toEqual([
      "tool_start",
      "tool_progress",
      "tool_progress",
      "tool_progress",
      "tool_complete",
    ]);
    expect(answer.result.content[0].text).toContain("simple text");
  },
);
