/** As TypeScript writes paths. */
export function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
