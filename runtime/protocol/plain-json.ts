/**
 * Returns whether a value's JSON equals the value: without `toJSON`, accessors of classes, and members that are
 * omitted or become `null`. The value must be serialisable, so without cycles.
 */
export function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (Array.isArray(value) ? isPlainArray(value) : isPlainObject(value));
    default:
      return false;
  }
}

function isPlainArray(list: readonly unknown[] & { toJSON?: unknown }): boolean {
  for (let index = 0; index < list.length; index += 1) if (!isPlainJson(list[index])) return false;
  return list.toJSON === undefined;
}

function isPlainObject(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const members = object as Readonly<Record<string, unknown>>;
  for (const name in members) if (!isPlainJson(members[name])) return false;
  return members["toJSON"] === undefined;
}
