import { formatGithub } from "./github.js";
import { formatJson } from "./json.js";
import { formatJunit } from "./junit.js";
import { formatMarkdown } from "./markdown.js";
import { formatPretty } from "./render.js";
import type { Format, Report } from "./report.js";
import { formatSarif } from "./sarif.js";

/** Formatters of diagnostics of several projects, by name. */
export const formats = {
  pretty: (reports) => reports.map((report) => formatPretty(report, { color: false })).join(""),
  json: formatJson,
  sarif: formatSarif,
  github: formatGithub,
  junit: formatJunit,
  markdown: formatMarkdown,
} satisfies Readonly<Record<Format, (reports: readonly Report[]) => string>>;
