import type { DiagnosticDefinition } from "./catalogue/definition.js";
import { rules } from "../lint/rules.js";
import { auth } from "./catalogue/auth.js";
import { budget } from "./catalogue/budget.js";
import { drift } from "./catalogue/drift.js";
import { entry } from "./catalogue/entry.js";
import { file } from "./catalogue/file.js";
import { manifest } from "./catalogue/manifest.js";
import { lint } from "./catalogue/lint.js";
import { name } from "./catalogue/name.js";
import { output } from "./catalogue/output.js";
import { schema } from "./catalogue/schema.js";

/** Every diagnostic mcpc can report. Codes are `subject/what` and public: they never change their meaning. */
export const catalogue = {
  ...auth,
  ...budget,
  ...drift,
  ...entry,
  ...file,
  ...lint,
  ...manifest,
  ...name,
  ...output,
  ...schema,
  ...rules,
};

export type Code = keyof typeof catalogue;
export type Parameters<C extends Code> = (typeof catalogue)[C] extends DiagnosticDefinition<infer P> ? P : never;
