import { nameOf, templates, type Template } from "./project.js";

/** Answers of the user. */
export interface Answers {
  readonly folder: string;
  readonly template: Template;
}

const descriptions: Readonly<Record<Template, string>> = {
  minimal: "on standard input and output, which desktop clients start",
  http: "over HTTP, with limits, health probes and a Dockerfile",
  oauth: "over HTTP, for users who sign in with OAuth",
};

/**
 * Asks on the terminal for what the command line leaves open. Returns undefined if the user cancels.
 *
 * @param suggested The folder for an empty answer.
 */
export async function ask(
  given: { readonly [Question in keyof Answers]?: Answers[Question] | undefined },
  suggested: string,
): Promise<Answers | undefined> {
  const { intro, isCancel, outro, select, text } = await import("@clack/prompts");
  intro("A new MCP server");
  const folder =
    given.folder ??
    (await text({
      message: "In which folder?",
      placeholder: suggested,
      defaultValue: suggested,
    }));
  if (isCancel(folder)) return undefined;
  const template =
    given.template ??
    (await select({
      message: `How do clients reach ${nameOf(folder)}?`,
      options: templates.map((value) => ({ value, label: value, hint: descriptions[value] })),
    }));
  if (isCancel(template)) return undefined;
  outro(`Writing a server that is reached ${descriptions[template]}.`);
  return { folder: folder.trim(), template };
}
