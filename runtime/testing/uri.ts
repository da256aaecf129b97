interface Style {
  readonly first: string;
  readonly separator: string;
  /** Whether names precede the values. */
  readonly named?: true;
  /** Whether reserved characters are kept. */
  readonly reserved?: true;
}

/** The expansion rules of each operator of RFC 6570 (appendix A). */
const styles: Readonly<Record<string, Style>> = {
  "": { first: "", separator: "," },
  "+": { first: "", separator: ",", reserved: true },
  "#": { first: "#", separator: ",", reserved: true },
  ".": { first: ".", separator: "." },
  "/": { first: "/", separator: "/" },
  ";": { first: ";", separator: ";", named: true },
  "?": { first: "?", separator: "&", named: true },
  "&": { first: "&", separator: "&", named: true },
};

/** Expands a URI template. Variables without a value are omitted. */
export function expand(template: string, variables: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{([+#./;?&]?)([^{}]+)\}/g, (_, operator: string, body: string) => {
    const { first, separator, named, reserved } = styles[operator]!;
    const parts = body.split(",").flatMap((item) => {
      const [, name = item, modifier] = /^([^:*]+)(\*|:\d+)?$/.exec(item) ?? [];
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined || value === null) return [];
      const text = modifier?.startsWith(":") ? String(value).slice(0, Number(modifier.slice(1))) : String(value);
      const encoded = reserved ? encodeURI(text) : encodeSegments(text, modifier === "*" && operator === "/");
      return [named ? `${name}${encoded === "" && operator === ";" ? "" : "="}${encoded}` : encoded];
    });
    return parts.length === 0 ? "" : first + parts.join(separator);
  });
}

/** Encodes a value. An exploded path has several segments. */
function encodeSegments(text: string, exploded: boolean): string {
  const encode = (part: string): string =>
    encodeURIComponent(part).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return exploded ? text.split("/").map(encode).join("/") : encode(text);
}
