import type { Span } from "../model/source.js";
import { catalogue, type Code, type Parameters } from "./catalogue.js";

/** Something the user should know: a value, never thrown. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop, the user's words in double quotes. */
  readonly message: string;
  readonly span?: Span;
  /** An imperative: what to do about it. */
  readonly help?: string;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
}

/** What a phase returns: its value (absent when it could not make one), and all it found. */
export interface Result<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes a diagnostic of the catalogue; `parameters` are type-checked against its code. */
export function diagnose<C extends Code>(
  code: C,
  span: Span | undefined,
  parameters: Parameters<C>,
  related: Diagnostic["related"] = [],
): Diagnostic {
  const definition = catalogue[code] as {
    severity: "error" | "warning";
    message: (p: unknown) => string;
    help?: (p: unknown) => string | undefined;
  };
  const help = definition.help?.(parameters);
  return {
    code,
    severity: definition.severity,
    message: definition.message(parameters),
    ...(span && { span }),
    ...(help !== undefined && { help }),
    related,
  };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
