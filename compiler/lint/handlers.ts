import type { ParsedModule } from "../4-emit/module-names.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Server } from "../model/server.js";
import type { HandlerRule } from "./handler-rule.js";
import { ruleTable, type RuleCode } from "./rules.js";
import { unusedWaivers, waives, type Waiver } from "./waivers.js";

/** The settings of the rules about the source of handlers. */
export interface HandlerSettings {
  readonly active: readonly { readonly code: RuleCode; readonly severity: "error" | "warning" }[];
  readonly waivers: readonly Waiver[];
}

type Parse = (path: string, text: string) => ParsedModule;

/**
 * Applies the rules about the source of handlers. `texts` are the files of handlers, by path. A file is parsed only if its
 * text has what a rule looks for.
 */
export function lintHandlers(
  server: Server,
  { active, waivers }: HandlerSettings,
  texts: ReadonlyMap<string, string>,
  parse: Parse,
): Diagnostic[] {
  if (active.length === 0) return [];
  const entries = entriesByFile(server);
  const used = new Set<Waiver>();
  const diagnostics = [...texts].flatMap(([path, text]) => {
    let parsed: ParsedModule | undefined;
    const keys = entries.get(path) ?? [];
    return active.flatMap(({ code, severity }): Diagnostic[] => {
      const rule = ruleTable.get(code)!;
      const handler = rule.handler as HandlerRule<unknown>;
      if ((handler.isOnStdio && !server.transports.stdio) || !handler.mayFind(text)) return [];
      const matching = waivers.filter((waiver) => keys.some((entry) => waives(waiver, { code, entry, at: "" })));
      parsed ??= parse(path, text);
      const findings = parsed.error ? [] : [...handler.find(parsed)];
      if (findings.length > 0) for (const waiver of matching) used.add(waiver);
      if (matching.length > 0) return [];
      return findings.map(({ node, parameters }) => {
        const help = rule.help?.(parameters);
        const [start, end] = [node.getStart(parsed!.source), node.getEnd()];
        const message = rule.message(parameters);
        return {
          code,
          severity,
          message,
          span: { path, start, end },
          ...(help !== undefined && { help }),
          related: [],
        };
      });
    });
  });
  return [...diagnostics, ...unusedWaivers(waivers, used, [...entries.values()].flat())];
}

/** Returns the entries whose handlers are in each file, as waivers name them. */
function entriesByFile({ tools, resources, resourceTemplates, prompts }: Server): Map<string, string[]> {
  const files = new Map<string, string[]>();
  const add = (file: string, key: string): void => {
    const keys = files.get(file);
    if (keys) keys.push(key);
    else files.set(file, [key]);
  };
  for (const { name, handler } of tools) add(handler.file, `tools/${name}`);
  for (const { name, source } of prompts) if ("handler" in source) add(source.handler.file, `prompts/${name}`);
  for (const { uri, source } of resources) if ("handler" in source) add(source.handler.file, `resources/${uri}`);
  for (const { uriTemplate, handler } of resourceTemplates) add(handler.file, `resourceTemplates/${uriTemplate}`);
  return files;
}
