/**
 * Declares `require` in an ES module, relative to the module at `url`. esbuild gives this name to no other variable.
 */
export function requireBanner(url: string): string {
  const name = "$mcpcCreateRequire";
  return `import{createRequire as ${name}}from"node:module";const require=${name}(${url});`;
}
