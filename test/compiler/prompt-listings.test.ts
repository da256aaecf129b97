import { expect, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { memoryHost } from "./memory-host.js";

test("the arguments of a prompt are listed as they are written, but for what only mcpc knows", () => {
  const prompt = {
    name: "greet",
    arguments: [
      { name: "who", default: "you", description: "Whom to greet.", enum: ["you", "me"], required: false },
      { default: "", name: "how" },
      { name: "code", required: true },
    ],
    messages: [{ role: "user", content: { type: "text", text: "{{who}} {{how}} {{code}}" } }],
  };
  const manifest = { server: { name: "listed", version: "1.0.0" }, prompts: [prompt] };
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest) });
  const project = check(read(host).value!, host);
  expect(project.diagnostics).toEqual([]);
  const [listed] = lower(project.value!).prompts;
  expect(JSON.stringify(listed!.listing["arguments"])).toBe(
    JSON.stringify([
      { name: "who", default: "you", description: "Whom to greet.", required: false },
      { default: "", name: "how" },
      { name: "code", required: true },
    ]),
  );
});
