import type { Server } from "../model/server.js";
import type { Json } from "../model/source.js";
import { importOf, literal } from "./code.js";

const library = "@mcpc/runtime/codegen/v1";

/** The parts that see each request: their imports, and the expressions that create them. */
export interface ObserverCode {
  readonly imports: readonly string[];
  readonly observers: readonly string[];
}

export function observerCode({ runtime: { telemetry } }: Server): ObserverCode {
  return {
    imports: [
      ...(telemetry
        ? [
            `import * as opentelemetry from "@opentelemetry/api";\n`,
            importOf(["createTelemetry"], `${library}/telemetry`),
          ]
        : []),
    ],
    observers: [...(telemetry ? [`createTelemetry(opentelemetry, ${literal({ ...telemetry } as Json)})`] : [])],
  };
}
