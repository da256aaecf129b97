import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { clients, serveHttp, serverOf, type Client, type Running } from "./clients.js";

const root = join(import.meta.dirname, "..", "..");
const manifest = (path: string): any => JSON.parse(readFileSync(join(root, "fixtures", path), "utf8"));

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const running = new Map<string, Promise<Running>>();
async function connect(kind: (typeof clients)[number], transport: string, fixture: string): Promise<Client> {
  let target: URL | string = serverOf(fixture);
  if (transport === "http") {
    if (!running.has(fixture)) {
      running.set(fixture, serveHttp(serverOf(fixture)));
      closing.push(async () => (await running.get(fixture)!).stop());
    }
    target = (await running.get(fixture)!).url;
  }
  const client = await kind.connect(target);
  closing.push(() => client.close());
  return client;
}

const text = (result: unknown): string => (result as { content: { text: string }[] }).content[0]!.text;

describe.each(clients)("$name", (kind) => {
  describe.each(["stdio", "http"])("over %s", (transport) => {
    test("weather: lists, calls, and fails as declared", async () => {
      const client = await connect(kind, transport, "weather");
      expect(client.getServerVersion()).toMatchObject({ name: "weather", version: "1.0.0" });
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["get_weather", "list_cities"]);
      const oslo = { city: "Oslo", temperature: 3, unit: "celsius", conditions: "snow" };
      const result = await client.callTool({ name: "get_weather", arguments: { city: "Oslo" } });
      expect(result.structuredContent).toEqual(oslo);
      expect(JSON.parse(text(result))).toEqual(oslo);
      const unknown = await client.callTool({ name: "get_weather", arguments: { city: "Rome" } });
      expect(unknown.isError).toBe(true);
      expect(text(unknown)).toBe("No such city: Rome. list_cities names those there are.");
      expect(unknown._meta).toMatchObject({ "mcpc/error": { code: "unknownCity", data: { city: "Rome" } } });
      const invalid = await client.callTool({ name: "get_weather", arguments: { city: "", unit: "kelvin" } });
      expect(invalid.isError).toBe(true);
      expect(text(invalid)).toContain('"city" must have at least 1 character');
      expect(text(invalid)).toContain('"unit" must be one of "celsius","fahrenheit"');
      await expect(client.callTool({ name: "get_wether", arguments: {} })).rejects.toMatchObject({ code: -32602 });
    });

    test("calculator: a sum, and a division by zero that the model can read", async () => {
      const client = await connect(kind, transport, "calculator");
      expect(text(await client.callTool({ name: "add", arguments: { numbers: [1, 2, 3.5] } }))).toBe("6.5");
      const byZero = await client.callTool({ name: "divide", arguments: { dividend: 1, divisor: 0 } });
      expect([byZero.isError, text(byZero)]).toEqual([true, "Cannot divide 1 by zero; give another divisor."]);
    });

    test("app-config: reads a static resource and a template, and says what is not there", async () => {
      const client = await connect(kind, transport, "app-config");
      const { resources } = await client.listResources();
      const listed = ["config://app/theme", "config://app/features"];
      expect(resources.map(({ uri }) => uri)).toEqual(["config://app", "config://app/motd", ...listed]);
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(["config://app/{section}"]);
      const { contents } = await client.readResource({ uri: "config://app" });
      expect(contents).toEqual([
        {
          uri: "config://app",
          mimeType: "application/json",
          text: readFileSync(join(root, "fixtures/app-config/config.json"), "utf8"),
        },
      ]);
      const section = await client.readResource({ uri: "config://app/theme" });
      expect(section.contents).toEqual([
        { uri: "config://app/theme", mimeType: "application/json", text: '{"name":"dark","contrast":"high"}' },
      ]);
      const missing = client.readResource({ uri: "config://app/nothing" });
      await expect(missing).rejects.toMatchObject({ code: kind.notFound });
      await expect(client.readResource({ uri: "other://x" })).rejects.toThrow(/not found/);
    });

    test("code-review: a prompt with defaults, filled in without a handler", async () => {
      const client = await connect(kind, transport, "code-review");
      const { prompts } = await client.listPrompts();
      expect(prompts[0]!.arguments!.map(({ name, required = false }) => [name, required])).toEqual([
        ["code", true],
        ["language", false],
        ["focus", false],
        ["notes", false],
      ]);
      const code = 'print("\\u2028 {{language}}")\n';
      const { messages } = await client.getPrompt({ name: "code-review", arguments: { code } });
      expect(messages).toEqual([
        {
          role: "user",
          content: {
            type: "text",
            text: `Please review this python code, with an eye on correctness. \n\n\`\`\`python\n${code}\n\`\`\``,
          },
        },
      ]);
      const other = await client.getPrompt({
        name: "code-review",
        arguments: { code: "x", language: "C", focus: "style" },
      });
      expect(JSON.stringify(other.messages)).toContain("review this C code, with an eye on style");
      await expect(client.getPrompt({ name: "code-review", arguments: {} })).rejects.toThrow(/"code" is required/);
      await expect(client.getPrompt({ name: "code-review", arguments: { code: "", focus: "speed" } })).rejects.toThrow(
        /"focus" must be one of/,
      );
    });

    test("everything: every kind of content, progress and logging", async () => {
      const client = await connect(kind, transport, "everything");
      const { tools } = await client.listTools();
      const declaredTools = ["everything/tools.mcp.json", "everything/tools.tasks.mcp.json"].flatMap(
        (path) => manifest(path).tools,
      );
      expect(tools.map(({ name }) => name)).toEqual(declaredTools.map((tool: any) => tool.name));
      const types = async (name: string) => {
        const { content } = (await client.callTool({ name, arguments: {} })) as { content: { type: string }[] };
        return content.map(({ type }) => type);
      };
      expect(await types("test_image_content")).toEqual(["image"]);
      expect(await types("test_audio_content")).toEqual(["audio"]);
      expect(await types("test_embedded_resource")).toEqual(["resource"]);
      expect(await types("test_multiple_content_types")).toEqual(["text", "image", "resource"]);
      const seen: unknown[] = [];
      const options = {
        onprogress: ({ progress, total, message }: any) => seen.push([progress, total, message]),
      };
      const progressing = { name: "test_tool_with_progress", arguments: {} };
      const argumentsOf: unknown[] = kind.optionsAt === 1 ? [progressing, options] : [progressing, undefined, options];
      await (client.callTool as (...args: unknown[]) => Promise<unknown>).apply(client, argumentsOf);
      expect(seen).toEqual([
        [0, 100, "0 of 100"],
        [50, 100, "50 of 100"],
        [100, 100, "100 of 100"],
      ]);
      const modern = kind.revision === "2026-07-28";
      const numbers = await client.callTool({ name: "list_numbers", arguments: {} });
      expect(numbers.structuredContent).toEqual(modern ? [1, 2, 3] : { result: [1, 2, 3] });
      const schema: any = tools.find(({ name }) => name === "json_schema_2020_12_tool")?.inputSchema;
      const declared = manifest("everything/tools.mcp.json").tools.find(
        (tool: any) => tool.name === "json_schema_2020_12_tool",
      );
      expect(schema).toEqual(declared.inputSchema);
      const header = await client.callTool({ name: "test_x_mcp_header", arguments: { region: "Zürich", level: 3 } });
      expect(text(header)).toBe('{"region":"Zürich","level":3}');
      const prompt = await client.getPrompt({ name: "test_handled_prompt", arguments: { topic: "coffee" } });
      expect(prompt.messages).toHaveLength(2);
      const binary = await client.readResource({ uri: "test://static-binary" });
      expect(binary.contents[0]).toMatchObject({ mimeType: "image/png", blob: expect.stringMatching(/^iVBOR/) });
      const templated = await client.readResource({ uri: "test://template/123/data" });
      expect(JSON.parse((templated.contents[0] as { text: string }).text)).toMatchObject({
        id: "123",
        templateTest: true,
      });
    });
  });
});

// 2025-11-25, tasks: where a server does not declare `tasks.requests.tools.call`, `execution.taskSupport` says nothing.
describe.each(clients)("a tool whose task support is required: $name", (kind) => {
  test("is called as any other, unless the client itself refuses to", async () => {
    const client = await connect(kind, "http", "everything");
    const failing = (): Promise<unknown> => client.callTool({ name: "failing_job", arguments: {} });
    const words = "The job failed, as it was meant to.";
    if (kind.revision === "2026-07-28") return expect(failing()).rejects.toMatchObject({ code: -32021 });
    expect(text(await failing())).toBe(words);
    const { tools } = await client.listTools();
    const { execution } = tools.find(({ name }) => name === "failing_job") as { execution?: object };
    expect(execution).toEqual({ taskSupport: "required" });
    if (kind.name === "sdk 1.x") return expect(failing()).rejects.toThrow("requires task-based execution");
    return expect(text(await failing())).toBe(words);
  });
});
