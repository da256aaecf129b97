/** The name of an environment variable. */
export type Variable = { readonly env: string };

/** A literal, or the value of an environment variable. */
export type Value = string | Variable;
