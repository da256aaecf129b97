import { quote } from "../../diagnostics/catalogue/definition.js";
import { defineRule } from "../rule.js";
import { wordsOf } from "../words.js";

/** Words that say nothing of what a tool does. `get` counts only beside others. */
const vague = new Set(
  (
    "run do exec execute process handle perform invoke data tool function action thing stuff info misc util utils " +
    "helper main get"
  ).split(" "),
);

export const nameVague = defineRule<{ name: string }>({
  severity: "warning",
  message: ({ name }) => `the name ${quote(name)} does not say what the tool does`,
  help: () => "name the action and what it is done to, such as search_orders",
  explain:
    "A model chooses tools by name first, among those of all servers. A name says nothing if all its words are among these: run, do, exec, execute, process, handle, perform, invoke, data, tool, function, action, thing, stuff, info, misc, util, utils, helper, main, and get beside another of them.",
  profiles: ["portable", "openai", "anthropic", "claude-directory", "chatgpt-directory"],
  evidence: [
    {
      who: "Anthropic",
      demand: "each tool has a clear, distinct purpose, and a name that shows it",
      sources: ["anthropic.com/engineering/writing-tools-for-agents"],
      confidence: "A",
      asOf: "2026-11",
      since: "2025-09",
    },
    {
      who: "OpenAI",
      demand: "clear and detailed names of functions",
      sources: ["platform.openai.com/docs/guides/function-calling, best practices"],
      confidence: "A",
      asOf: "2026-11",
    },
  ],
  *entry({ section, id }) {
    const words = section === "tools" ? wordsOf(id) : [];
    if (words.length === 0 || words.join() === "get" || !words.every((word) => vague.has(word))) return;
    yield { at: "/name", parameters: { name: id } };
  },
});
