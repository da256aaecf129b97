/**
 * The form of generated modules: `source` on the disk; `single` in a bundle of one file, which imports nothing late;
 * otherwise in a bundle of this format whose validators are chunks, put so that it takes little time to read.
 */
export type ModuleForm = "source" | "single" | "cjs" | "esm";

export function isChunked(form: ModuleForm): form is "cjs" | "esm" {
  return form === "cjs" || form === "esm";
}
