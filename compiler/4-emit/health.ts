import type { Server } from "../model/server.js";
import type { Json } from "../model/source.js";
import { importPath, literal } from "./code.js";

/**
 * Prints `generated/health.ts`: the answers to probes, and the handler of the tool; `undefined` without health checks.
 */
export function healthModule({ runtime: { health, hooks }, info, layout }: Server): string | undefined {
  if (health === undefined) return undefined;
  const options = literal({ ...health, version: info["version"] } as Json);
  const from = hooks && literal(importPath(`${layout.generated}/health.ts`, hooks.file));
  return [
    'import { createHealth } from "@mcpc/runtime/codegen/v1/health";\n',
    from && `import * as hooks from ${from};\nimport type { CheckedHooks } from "./application.js";\n`,
    `\n/** Whether the server lives, and can do its work. */\n`,
    `export const health = (): ReturnType<typeof createHealth> => createHealth(${options}${from ? ", hooks satisfies CheckedHooks" : ""});\n`,
    `\n/** The handler of the tool \`health_check\`. */\nexport { healthCheck } from "@mcpc/runtime/codegen/v1/health";\n`,
  ]
    .filter((part) => part !== undefined)
    .join("");
}
