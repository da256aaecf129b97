import type { Options } from "prettier";

export type Style = Options;

/** TypeScript as prettier prints it; text that prettier cannot read (a bug of ours) throws. */
export async function format(text: string, style: Style = {}): Promise<string> {
  const prettier = await import("prettier");
  return prettier.format(text, { printWidth: 100, ...style, parser: "typescript" });
}

/** The user's own style for files in a folder: their `.prettierrc` or `.editorconfig`; none when they have neither. */
export async function styleOf(file: string): Promise<Style> {
  const prettier = await import("prettier");
  return (await prettier.resolveConfig(file, { editorconfig: true })) ?? {};
}
