/** The labels of a sample. Empty values count as absent. */
export type Labels = Readonly<Record<string, string>>;

/** The samples of one metric. */
export interface Family {
  readonly name: string;
  /** A text without line ends and backslashes. */
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** The end of the name, such as `_bucket`. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Formats metrics as text (Prometheus text format 0.0.4). */
export function expositionText(families: readonly Family[]): string {
  return families.map(familyText).join("");
}

function familyText({ name, help, type, samples }: Family): string {
  if (samples.length === 0) return "";
  const lines = samples.map(
    ({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${number(value)}`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
}

function labelsText(labels: Labels): string {
  const shown = Object.entries(labels).filter(([, value]) => value !== "");
  if (shown.length === 0) return "";
  const escaped = (value: string): string =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${shown.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function number(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
