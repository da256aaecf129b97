import { quote } from "../../diagnostics/catalogue/definition.js";
import { isSecretName } from "../../json-schema/secret-names.js";
import { defineRule } from "../rule.js";

export const secretDefault = defineRule<{ name: string; keyword: string }>({
  severity: "warning",
  message: ({ name, keyword }) => `the argument ${quote(name)} shows a secret in ${quote(keyword)} to every client`,
  help: ({ keyword }) => `remove ${quote(keyword)}, and take the secret from a setting in "runtime.config"`,
  explain:
    "Schemas are public: each client gets them, and sends them to a model provider. An argument whose name says that it is a secret (password, token, API key and their like) has no business with a default, a constant or an example. Secrets in headers are the warning `schema/secret-header`.",
  profiles: ["portable", "spec-2026-07-28", "spec-2025-11-25", "claude-directory", "chatgpt-directory"],
  evidence: [
    {
      who: "CWE-798",
      demand: "no credentials in what is shipped",
      sources: ["cwe.mitre.org, CWE-798, Use of Hard-coded Credentials"],
      confidence: "A",
      asOf: "2026-11",
    },
  ],
  *entry({ subschemas }) {
    for (const { of, schema, keyword, name, at } of subschemas) {
      if (of !== "input" || keyword !== "properties" || typeof schema === "boolean" || !isSecretName(name!)) continue;
      for (const shown of ["default", "const"]) {
        const value = schema[shown];
        if (typeof value === "string" && value.trim() !== "")
          yield { at: `${at}/${shown}`, parameters: { name: name!, keyword: shown } };
      }
    }
  },
});
