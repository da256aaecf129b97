import { defineRule } from "../rule.js";

const most = 200;

export const sizeDescriptionChatgpt = defineRule<{ length: number }>({
  severity: "warning",
  message: ({ length }) =>
    `the directory of ChatGPT apps takes a tool's description of ${most} characters; this has ${length}`,
  help: () => "shorten it; details belong into the descriptions of arguments",
  explain:
    "The form in which an app is submitted to OpenAI's directory takes descriptions of tools up to 200 characters.",
  profiles: ["chatgpt-directory"],
  evidence: [
    {
      who: "the directory of ChatGPT apps",
      demand: "descriptions of tools have at most 200 characters",
      sources: ["whisper-money#751"],
      confidence: "C",
      asOf: "2026-10",
    },
  ],
  *entry({ section, listing: { description } }) {
    if (section === "tools" && typeof description === "string" && description.length > most)
      yield { at: "/description", parameters: { length: description.length } };
  },
});
