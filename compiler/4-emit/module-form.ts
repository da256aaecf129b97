/**
 * Form of generated modules. `source`: on disk. `single`: in a bundle of one file, without late imports. Otherwise: in
 * a bundle of this format with validators in chunks, optimized for load time.
 */
export type ModuleForm = "source" | "single" | "cjs" | "esm";

export function isChunked(form: ModuleForm): form is "cjs" | "esm" {
  return form === "cjs" || form === "esm";
}
