/** TypeScript as prettier prints it; text that prettier cannot read (a bug of ours) throws. */
export async function format(text: string): Promise<string> {
  const prettier = await import("prettier");
  return prettier.format(text, { printWidth: 100, parser: "typescript" });
}
