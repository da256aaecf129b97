const declaration = /\.d\.(?:[^./]+\.)?[cm]?ts$/;
const typescript = /\.(?:tsx?|mts|cts)$/;

/** Declares something for other files, or imports something for its effect. */
const forOthers = /\bdeclare\s+(?:global\b|module\s*["'])|^import\s*["']|^\/\/\/\s*<reference\b/m;
const isModule = /^(?:import|export)\b/m;

/**
 * Files of a project that may declare something which others see without an import: declaration files, scripts, and
 * modules that augment what is global. The others mean nothing to a file that does not import them.
 */
export function ambientFiles(names: readonly string[], textOf: (file: string) => string | undefined): string[] {
  return names.filter((file) => {
    if (declaration.test(file)) return true;
    if (!typescript.test(file)) return false;
    const text = textOf(file);
    return text !== undefined && (forOthers.test(text) || !isModule.test(text));
  });
}
