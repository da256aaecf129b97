import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { text } from "@mcpc/runtime/testing";
import { startServer, type RunningServer } from "@mcpc/runtime/testing/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient, type Options, type Surface } from "../../fixtures/everything/generated/client.js";
import type { Surface as Weather } from "../../fixtures/weather/generated/client.js";
import { serverOf } from "./clients.js";
import { mcpc, project } from "./project.js";

const root = join(import.meta.dirname, "..", "..");

const closing = <S extends RunningServer<any>>(server: S): S => {
  onTestFinished(() => server.close());
  return server;
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const answers: Options = {
  elicit: {
    user_name: { action: "accept", content: { name: "Ada" } },
    confirm: ({ message }) => ({ action: "accept", content: { confirm: message.includes("notes") } }),
  },
  sample: () => "Paris",
  roots: [{ uri: "file:///work", name: "work" }],
};

const ways = (["stdio", "http"] as const).flatMap((transport) =>
  ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"].map((protocolVersion) => ({ transport, protocolVersion })),
);

describe.each(ways)("$transport, $protocolVersion", (way) => {
  test("the client is the one that lives in memory, but for where the server is", async () => {
    const weather = closing(await startServer<Weather>(serverOf("weather"), way));
    const oslo = await weather.client.tools.get_weather({ city: "Oslo" });
    expect(oslo).toEqual({ city: "Oslo", temperature: 3, unit: "celsius", conditions: "snow" });
    await expect(weather.client.tools.get_weather({ city: "Atlantis" })).rejects.toMatchObject({ code: "unknownCity" });
    await weather.close();
    expect(lives(weather.pid)).toBe(false);

    const { client } = closing(await startServer<Surface>(serverOf("everything"), { ...way, ...answers }));
    const { tools } = client;
    expect(await tools.list_numbers()).toEqual([1, 2, 3]);
    if (way.protocolVersion > "2025-06")
      expect(text(await tools.confirm_delete({ filename: "notes" }))).toBe("Deleted notes.");
    expect(text(await tools.test_input_required_result_sampling())).toBe("Paris");
    const logged: unknown[] = [];
    client.on("log", ({ data }) => logged.push(data));
    await tools.test_tool_with_logging();
    expect(logged).toHaveLength(3);
    const steps: number[] = [];
    await tools.test_tool_with_progress({}, { onProgress: ({ progress }) => steps.push(progress) });
    expect(steps).toEqual([0, 50, 100]);
    await client.resources.subscribe("test://watched-resource");
    const updates = client.events("resourceUpdated");
    await tools.test_trigger_resource_update();
    expect((await updates.next()).value).toEqual({ uri: "test://watched-resource" });
    const controller = new AbortController();
    const slow = tools.slow_compute({ seconds: 30 }, { signal: controller.signal });
    void client.listPrompts().then(() => controller.abort(new Error("enough")));
    await expect(slow).rejects.toThrow("enough");
    if (way.transport === "http")
      await expect(tools.test_x_mcp_header({ region: "ü" } as never)).resolves.toBeDefined();
    expect(text(await tools.greet({ name: "Ada" }))).toBe("Hello, Ada!");
  });
});

test("one server, several clients over HTTP; one over standard streams, which have no URL", async () => {
  const http = closing(await startServer<Surface>(serverOf("everything"), { transport: "http" }));
  expect(http.url.pathname).toBe("/mcp");
  expect(http.stderr).toContain(`listening on ${http.url}`);
  const other = createClient({ protocolVersion: "2025-11-25" }, http);
  expect(text(await other.tools.greet({ name: "Bob" }))).toBe("Hello, Bob!");
  await other.close();
  expect(text(await http.client.tools.greet({ name: "Ada" }))).toBe("Hello, Ada!");
  const stdio = closing(await startServer(serverOf("everything")));
  expect(() => createClient({}, stdio)).toThrow("one client");
  expect(() => stdio.url).toThrow('start it with transport: "http"');
});

test("a server that does not start says why; one that ends under a call, too", async () => {
  const folder = project({
    "a.mcp.json": {
      server: { name: "a", version: "1.0.0" },
      tools: [{ name: "end", description: "Ends the process.", inputSchema: { type: "object", properties: {} } }],
    },
    "src/tools/end.ts": `export const end = (): string => { console.error("the end"); return (globalThis as any).process.exit(3); };`,
    "broken.cjs": `console.error("no database at db.example"); process.exit(7);`,
    "silent.cjs": "setInterval(() => {}, 1000);",
  });
  for (const transport of ["stdio", "http"] as const) {
    await expect(startServer("broken.cjs", { cwd: folder, transport })).rejects.toThrow(
      "the server ended with exit code 7:\nno database at db.example",
    );
    await expect(startServer("silent.cjs", { cwd: folder, transport, timeoutMs: 300 })).rejects.toThrow(
      "the server was not ready within 300 ms",
    );
  }
  await expect(startServer(join(folder, "nowhere.js"))).rejects.toThrow(/nowhere\.js/);
  await expect(startServer(serverOf("weather"), { args: ["--nonsense"] })).rejects.toThrow("--help lists the options");
  expect(mcpc(folder, "build").code).toBe(0);
  const { client } = closing(await startServer(join(folder, "dist", "server.js")));
  await expect(client.tools["end"]!()).rejects.toThrow("the server ended with exit code 3:\nthe end");
});

test("what a server prints can be read, on any transport; what a handler failed with is told as far as the log has it", async () => {
  const folder = project({
    "a.mcp.json": {
      server: { name: "a", version: "1.0.0" },
      tools: ["fail", "print"].map((name) => ({
        name,
        description: `Runs ${name}.`,
        inputSchema: { type: "object", properties: {} },
      })),
    },
    "src/tools/print.ts": `export const print = (): string => {
      console.log("listening on log");
      (globalThis as any).process.stdout.write("written\\n");
      console.error("erroneous");
      return "";
    };`,
    "src/tools/fail.ts": `export const fail = async () => { throw new Error((globalThis as any).process.env.WHY); };`,
  });
  expect(mcpc(folder, "build").code).toBe(0);
  const server = closing(await startServer(join(folder, "dist", "server.js"), { env: { WHY: "the disk is full" } }));
  await expect(server.client.tools["fail"]!()).rejects.toThrow(/^internal error/);
  await expect.poll(() => server.stderr).toContain("the disk is full");
  for (const transport of ["stdio", "http"] as const) {
    const printing = closing(await startServer(join(folder, "dist", "server.js"), { transport }));
    await printing.client.tools["print"]!();
    for (const line of ["listening on log\n", "written\n", "erroneous\n"])
      await expect.poll(() => printing.stderr).toContain(line);
  }
});

test.each(["stdio", "http"])("a server does not outlive its test: %s", async (transport) => {
  const entry = pathToFileURL(join(root, "runtime", "dist", "node", "testing", "index.js")).href;
  const script = `
    import { startServer } from ${JSON.stringify(entry)};
    const { pid } = await startServer(${JSON.stringify(serverOf("weather"))}, { transport: ${JSON.stringify(transport)} });
    console.log(pid);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(String(chunk));
  expect(lives(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => lives(pid), { timeout: 100_000 }).toBe(false);
});
