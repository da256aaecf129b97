interface Definition<P> {
  readonly severity: "error" | "warning";
  readonly message: (parameters: P) => string;
  readonly help?: (parameters: P) => string | undefined;
  /** Two or three sentences for `mcpc explain`; the example comes from the code's fixture. */
  readonly explain: string;
}

function define<P>(definition: Definition<P>): Definition<P> {
  return definition;
}

/** Every diagnostic mcpc can report. Codes are `subject/what` and public: they never change their meaning. */
export const catalogue = {
  "name/duplicate": define<{ kind: string; name: string }>({
    severity: "error",
    message: ({ kind, name }) => `two ${kind}s are named ${JSON.stringify(name)}`,
    help: () => "rename one; clients call it by this name",
    explain:
      "Names are unique per kind across all manifests of one server, because clients address a tool or a prompt by its name alone.",
  }),
} as const;

export type Code = keyof typeof catalogue;
export type Parameters<C extends Code> = (typeof catalogue)[C] extends Definition<infer P> ? P : never;
