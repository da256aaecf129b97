/** What a project's manifests come to, in numbers. */
export interface Summary {
  readonly name: string;
  readonly tools: number;
  readonly resources: number;
  readonly resourceTemplates: number;
  readonly prompts: number;
  /** The bundle, as a project path. */
  readonly bundle: string;
}
