const declaration = /\.d\.(?:[^./]+\.)?[cm]?ts$/;
const typescript = /\.(?:tsx?|mts|cts)$/;

/** Matches declarations for other files, and imports for their side effects. */
const forOthers = /\bdeclare\s+(?:global\b|module\s*["'])|^import\s*["']|^\/\/\/\s*<reference\b/m;
const isModule = /^(?:import|export)\b/m;

/**
 * Returns the files of a project with possible global declarations: declaration files, scripts, and modules with
 * augmentations. Other files affect only those that import them.
 */
export function ambientFiles(names: readonly string[], textOf: (file: string) => string | undefined): string[] {
  return names.filter((file) => {
    if (declaration.test(file)) return true;
    if (!typescript.test(file)) return false;
    const text = textOf(file);
    return text !== undefined && (forOthers.test(text) || !isModule.test(text));
  });
}
