/** Verdict on a change: it breaks clients, it does not, or there is no proof of either. */
export type Verdict = "breaking" | "unknown" | "compatible";

export const levels = ["none", "patch", "minor", "major"] as const;
/** Part of the version that a change requires to raise. */
export type Level = (typeof levels)[number];

interface Definition {
  readonly verdict: Verdict;
  readonly level: Level;
  /** Text for `mcpc explain`, two or three sentences. */
  readonly explain: string;
}

const define = <const D extends Definition>(definition: D): D => definition;

/** Rules of `mcpc diff`. Their names are public, and their meaning never changes. */
export const rules = {
  "entry/added": define({
    verdict: "compatible",
    level: "minor",
    explain: "A tool, resource, template or prompt is new. Clients that do not know it are not concerned.",
  }),
  "entry/removed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "A tool, resource, template or prompt is gone. Whoever names it (a prompt, a configuration, a list of permissions) gets an error. The change is shown where the old file has the entry.",
  }),
  "entry/renamed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "An entry is gone, and another is equal to it but for the name, or its name is another spelling of the old one. To clients that is a removal: they know entries by their names. Keep the old name beside the new one for a while.",
  }),
  "input/narrowed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "Arguments that were valid are refused now. The witness is such a value: the old validator takes it and the new one refuses it. Where an argument becomes required, give it a default in the handler instead, or add a new tool.",
  }),
  "input/widened": define({
    verdict: "compatible",
    level: "minor",
    explain: "All arguments that were valid still are, by proof, and others are valid besides.",
  }),
  "input/argument-added": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "An optional argument is new in an object whose schema said nothing of other properties. Callers give arguments that they know, so the proof takes for granted that nobody gave this one before. Where `additionalProperties` said something, it is judged like any other change.",
  }),
  "input/default-changed": define({
    verdict: "compatible",
    level: "minor",
    explain: "Calls that leave the argument out mean something else now. They are still taken.",
  }),
  "input/undecided": define({
    verdict: "unknown",
    level: "minor",
    explain:
      "Neither is there a proof that all arguments that were valid still are, nor was a value found that is refused now. Look at the change yourself; `--strict` takes it for breaking.",
  }),
  "output/widened": define({
    verdict: "breaking",
    level: "major",
    explain:
      "The result may be something that the old schema refuses. The witness is such a result. Clients that rely on what was promised, or that check it, fail. A new field of a closed object is such a change, too.",
  }),
  "output/narrowed": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "All results that the new schema allows are results that the old one allowed, by proof. More is promised now.",
  }),
  "output/undecided": define({
    verdict: "unknown",
    level: "minor",
    explain:
      "Neither is there a proof that all new results keep the old promise, nor was one found that does not. Look at the change yourself; `--strict` takes it for breaking.",
  }),
  "schema/rewritten": define({
    verdict: "compatible",
    level: "patch",
    explain: "A schema is written in another way, and takes the same values, by proof in both directions.",
  }),
  "text/changed": define({
    verdict: "compatible",
    level: "patch",
    explain:
      "A description, a title, an icon or other words are different. Models read descriptions, so the choice of a tool may change; nothing that was valid stops being so.",
  }),
  "hint/weakened": define({
    verdict: "breaking",
    level: "major",
    explain:
      "`readOnlyHint` is no longer true, or `destructiveHint` is no longer false. Hosts call a tool without asking their user because of such a promise, and users have granted permissions upon it.",
  }),
  "hint/changed": define({
    verdict: "compatible",
    level: "patch",
    explain: "A hint about a tool is different and promises no less than before.",
  }),
  "scope/added": define({
    verdict: "breaking",
    level: "major",
    explain:
      "Callers need another scope for the entry. Those that do not have it no longer see it, and their calls are refused.",
  }),
  "scope/removed": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "More callers may use the entry than before. Look whether that is meant: no client breaks, but data may get out.",
  }),
  "header/changed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "`x-mcp-header` names another header for an argument. Clients, proxies and rules that read the old one find nothing there.",
  }),
  "mime-type/changed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "The contents of a resource are of another type. Clients that choose by type no longer find it, or read it wrongly.",
  }),
  "task/required": define({
    verdict: "breaking",
    level: "major",
    explain: "The tool can only be called as a task. Clients without support for tasks cannot call it any more.",
  }),
  "task/changed": define({
    verdict: "compatible",
    level: "minor",
    explain: "A tool may be called as a task, or no longer has to be.",
  }),
  "error/changed": define({
    verdict: "compatible",
    level: "minor",
    explain: "The declared errors of a tool are others. Clients have to cope with any error, so nothing breaks.",
  }),
  "access/narrowed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "`runtime.auth.includes` changed: a scope no longer opens an entry, or no longer without further scopes. Callers with this scope alone no longer see the entry.",
  }),
  "access/widened": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "`runtime.auth.includes` changed: a scope opens an entry that it did not open before. No client breaks. Check that these callers are meant to use the entry.",
  }),
  "auth/narrowed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "Callers need credentials that they did not need before, or one kind of credentials is no longer accepted.",
  }),
  "auth/widened": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "The server accepts another kind of credentials, or needs none. No client breaks. Check that a server without credentials is meant.",
  }),
  "transport/removed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "A transport is gone, or its endpoint has another path. Clients that are configured for it cannot connect.",
  }),
  "transport/added": define({
    verdict: "compatible",
    level: "minor",
    explain: "Clients can connect in a further way.",
  }),
  "profile/removed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "`build.projections` no longer names a profile. A server that is started with `--profile` for it refuses to start, and the endpoint of the profile is gone.",
  }),
  "profile/added": define({
    verdict: "compatible",
    level: "minor",
    explain: "The server has looser lists for a further profile of clients.",
  }),
  "content/removed": define({
    verdict: "breaking",
    level: "major",
    explain:
      "The text of a tool's results is no longer the JSON of the result, or no longer there. Clients without structured content read the text, and programs parse it.",
  }),
  "content/added": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "The text of a tool's results is there now, or is the JSON of the result. Hosts that read both pay for both.",
  }),
  "subscription/removed": define({
    verdict: "breaking",
    level: "major",
    explain: "Clients can no longer subscribe to a resource, and miss its updates.",
  }),
  "subscription/added": define({
    verdict: "compatible",
    level: "minor",
    explain: "Clients may subscribe to a resource.",
  }),
  "completion/changed": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "The server completes another set of arguments or variables. Completion is a help to type, which clients must not need.",
  }),
  "elicitation/changed": define({
    verdict: "compatible",
    level: "minor",
    explain:
      "A question to the user is new, gone, or asked in another way. Where clients that cannot ask must still be served, the handler has to provide for it.",
  }),
  "server/renamed": define({
    verdict: "compatible",
    level: "minor",
    explain: "The server says another name. Clients know a server by their own configuration.",
  }),
} as const;

export type Rule = keyof typeof rules;
