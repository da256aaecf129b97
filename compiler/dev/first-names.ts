const maxNames = 4;

/** Lists the first few names, and the number of others. */
export function firstNames(names: readonly string[]): string {
  const more = names.length - maxNames;
  return `${names.slice(0, maxNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
