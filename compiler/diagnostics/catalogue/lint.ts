import { define, didYouMean, listOf, quote } from "./definition.js";

export const lint = {
  "lint/confusion": define<{
    ask: string;
    expected: { readonly tool: string; readonly score: number };
    rival: { readonly tool: string; readonly score: number } | undefined;
  }>({
    severity: "warning",
    message: ({ ask, expected, rival }) => {
      if (expected.score === 0 && !rival) return `${quote(ask)} has no word of the tool ${quote(expected.tool)}`;
      const [own, other] = [expected.score.toFixed(2), rival!.score.toFixed(2)];
      const how = rival!.score >= expected.score ? "fits" : "nearly fits";
      return `${quote(ask)} ${how} the tool ${quote(rival!.tool)} (${other}), not ${quote(expected.tool)} (${own})`;
    },
    help: ({ expected }) =>
      `say in the description of ${quote(expected.tool)} when to call it, in words of those who ask`,
    explain:
      "`build.confusions` names what a user asks and the tool that should be chosen. The check compares words: each tool has the BM25 score of its name and description for the text that the user asks. The expected tool has to have the highest one, and tools in `not` at most 80 % of it. A model does more than compare words, but two tools that have the same words are confused by models, too.",
  }),
  "lint/contradiction": define<{ rules: readonly string[]; entry: string; help: string }>({
    severity: "warning",
    message: ({ rules, entry }) => `${quote(entry)} cannot meet both ${listOf(rules)}`,
    help: ({ help }) => help,
    explain:
      "Two of the chosen profiles demand the opposite of each other, so that what removes a finding of one rule is a finding of the other. The entry is reported once, for both, as an error if one of the rules is an error. Choose one of the profiles, turn one of the rules off, or waive it for the entry.",
  }),
  "lint/expired-waiver": define<{ rule: string; entry: string; until: string }>({
    severity: "error",
    message: ({ rule, entry, until }) => `the waiver of ${quote(rule)} for ${quote(entry)} expired on ${until}`,
    help: () => "meet the rule, or give the waiver a later date",
    explain:
      "A waiver in `build.waivers` silences one lint rule for one entry until the day that it names, in UTC. From the next day on it is an error, so that exceptions are looked at again instead of staying for ever.",
  }),
  "lint/fixed-severity": define<{ code: string }>({
    severity: "error",
    message: ({ code }) => `the severity of the error ${quote(code)} cannot change`,
    help: () => "remove it; `build.rules` is for lint rules and warnings",
    explain:
      "`build.rules` sets the severity of lint rules and of warnings. An error says that there is no server to build, so it cannot become anything less.",
  }),
  "lint/unknown-rule": define<{ written: string; suggestion?: string | undefined; isOfDiff?: true }>({
    severity: "error",
    message: ({ written, isOfDiff }) =>
      isOfDiff
        ? `${quote(written)} is a rule of mcpc diff, whose levels are fixed`
        : `there is no rule ${quote(written)}`,
    help: ({ suggestion, isOfDiff }) =>
      isOfDiff
        ? "remove it, and raise the version for such a change; mcpc diff --strict also refuses changes without a verdict"
        : (didYouMean(suggestion) ?? "run mcpc explain for a list of all"),
    explain:
      "`build.rules` names lint rules and warnings by their codes, and `build.waivers` names lint rules. A misspelt code would have no effect, so it is an error. The rules of `mcpc diff` have fixed levels: a change that breaks clients asks for a higher version, whatever the manifest says.",
  }),
  "lint/unknown-tool": define<{ written: string; suggestion?: string | undefined }>({
    severity: "error",
    message: ({ written }) => `there is no tool ${quote(written)}`,
    help: ({ suggestion }) => didYouMean(suggestion) ?? "name a tool of the manifests",
    explain:
      "`build.confusions` names tools: the one that should be chosen, and those that must not. A name that no tool has would make the check say nothing, so it is an error.",
  }),
  "lint/unused-waiver": define<{
    rule: string;
    entry: string;
    isEntry: boolean;
    suggestion?: string | undefined;
  }>({
    severity: "warning",
    message: ({ rule, entry, isEntry }) =>
      isEntry
        ? `the waiver of ${quote(rule)} for ${quote(entry)} waives nothing`
        : `the waiver of ${quote(rule)} names ${quote(entry)}, which does not exist`,
    help: ({ isEntry, suggestion }) => (isEntry ? "remove it" : (didYouMean(suggestion) ?? "remove it")),
    explain:
      "No finding matches a waiver in `build.waivers`: the entry meets the rule now, the rule is off, or the entry has another name. An entry is written as `tools/NAME`, `prompts/NAME`, `resources/URI` or `resourceTemplates/URI`.",
  }),
};
