/**
 * The formats of JSON Schema 2020-12 (validation, section 7.3) and the usual ones of OpenAPI. Each is a predicate or a
 * linear-time regular expression, and an export of its own, so that a bundle holds only those its schemas use.
 */
export interface NumberFormat {
  readonly type: "number";
  readonly validate: (value: number) => boolean;
}
export type Format = RegExp | ((text: string) => boolean) | NumberFormat | true;

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339, full-date. */
export function date_format(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (daysInMonth[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

function isTime(text: string, offset: "required" | "optional"): boolean {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(z|[+-]\d\d(?::?\d\d)?)?$/i.exec(text);
  if (!match) return false;
  const zone = match[4];
  if (zone === undefined && offset === "required") return false;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (hour > 23 || minute > 59 || second > 60) return false;
  let shift = 0;
  if (zone !== undefined && !/^z$/i.test(zone)) {
    const digits = zone.slice(1).replace(":", "");
    const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || 0)];
    if (hours > 23 || minutes > 59) return false;
    shift = (zone[0] === "-" ? 1 : -1) * (hours * 60 + minutes);
  }
  // A leap second is the last of a day in UTC.
  return second < 60 || (((hour * 60 + minute + shift) % 1440) + 1440) % 1440 === 1439;
}

function isDateTime(text: string, offset: "required" | "optional"): boolean {
  return date_format(text.slice(0, 10)) && /^[t\s]$/i.test(text.slice(10, 11)) && isTime(text.slice(11), offset);
}

/** RFC 3339, full-time. */
export const time_format = (text: string): boolean => isTime(text, "required");
/** RFC 3339, date-time. */
export const date_time_format = (text: string): boolean => isDateTime(text, "required");
export const iso_time_format = (text: string): boolean => isTime(text, "optional");
export const iso_date_time_format = (text: string): boolean => isDateTime(text, "optional");
/** ISO 8601, as in RFC 3339, appendix A. */
export const duration_format = /^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/;

/** RFC 3986. The pattern is built in a function, so that bundles without these formats omit its parts. */
function uriPattern(scheme: string): RegExp {
  const characters = "[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2}";
  const host = "\\[(?:[0-9a-f:.]+|v[0-9a-f]+\\.[a-z0-9._~!$&'()*+,;=:-]+)\\]|(?:[a-z0-9._~!$&'()*+,;=-]|%[0-9a-f]{2})*";
  const authority = `\\/\\/(?:(?:[a-z0-9._~!$&'()*+,;=:-]|%[0-9a-f]{2})*@)?(?:${host})(?::\\d*)?`;
  const path = `(?:\\/|${characters})*`;
  const tail = `(?:\\?(?:[/?]|${characters})*)?(?:#(?:[/?]|${characters})*)?`;
  return new RegExp(`^${scheme}(?:${authority}(?:\\/${path})?|(?!\\/\\/)${path})${tail}$`, "i");
}
const absoluteUri = /* @__PURE__ */ uriPattern("[a-z][a-z0-9+.-]*:");
/** A URI with a scheme. */
export const uri_format = (text: string): boolean => absoluteUri.test(text);
/** A URI or a relative reference. */
export const uri_reference_format = /* @__PURE__ */ uriPattern("(?:[a-z][a-z0-9+.-]*:)?");
/** RFC 6570. */
export const uri_template_format =
  /^(?:[^\x00-\x20"'<>%\\^`{|}]|%[0-9a-f]{2}|\{[+#./;?&=,!@|]?(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9]\d{0,3}|\*)?(?:,(?:[a-z0-9_]|%[0-9a-f]{2})+(?::[1-9]\d{0,3}|\*)?)*\})*$/i;
export const url_format = /^(?:https?|ftp):\/\/[^\s/?#]+(?:[/?#]\S*)?$/iu;
/** RFC 5321, the addresses that people use. */
export const email_format =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
/** RFC 1123. */
export const hostname_format = (text: string): boolean =>
  text.length <= 253 &&
  text
    .replace(/\.$/, "")
    .split(".")
    .every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
export const ipv4_format = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** RFC 4291, section 2.2. */
export function ipv6_format(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || text === "") return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [position, part] of parts.entries()) {
      const last = index === halves.length - 1 && position === parts.length - 1;
      if (last && part.includes(".")) {
        if (!ipv4_format.test(part)) return false;
        groups += 2;
      } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups += 1;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}
export function regex_format(text: string): boolean {
  if (/[^\\]\\Z/.test(text)) return false;
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
export const uuid_format = /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** RFC 6901. */
export const json_pointer_format = /^(?:\/(?:[^~/]|~0|~1)*)*$/;
export const json_pointer_uri_fragment_format = /^#(?:\/(?:[a-z0-9_.!$&'()*+,;:=@-]|%[0-9a-f]{2}|~0|~1)*)*$/i;
export const relative_json_pointer_format = /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/;
export const byte_format = (text: string): boolean =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);

const isNumber = (): boolean => true;
export const int32_format: NumberFormat = {
  type: "number",
  validate: (value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31,
};
export const int64_format: NumberFormat = { type: "number", validate: (value) => Number.isInteger(value) };
export const float_format: NumberFormat = { type: "number", validate: isNumber };
export const double_format: NumberFormat = { type: "number", validate: isNumber };
export const password_format = true;
export const binary_format = true;
