/** Converts a path to TypeScript's form. */
export function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
