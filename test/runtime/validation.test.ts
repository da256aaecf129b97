import { describe, expect, test } from "vitest";
import { failed, failures, firstFailures, joined } from "../../runtime/codegen/v1/validation.js";
import type { ValidationError } from "../../runtime/protocol/surface.js";

type Validate = ((data: unknown[]) => boolean) & { errors?: ValidationError[] | null };

/** `{ items: { type: "number" } }`, as the compiler prints it. */
const numbers: Validate = (data) => {
  let vErrors: ValidationError[] | null = null;
  let errors = 0;
  data.forEach((item, index) => {
    if (typeof item !== "number") {
      vErrors = failed(vErrors, `/${index}`, "type", { type: "number" });
      errors++;
    }
  });
  numbers.errors = vErrors;
  return errors === 0;
};

/** Ways to print the failures of a definition, and how a union drops those of its branches. */
const printed = {
  "the first compiler": {
    add: (list: ValidationError[] | null, more: ValidationError[]) => (list === null ? more : list.concat(more)),
    count: (list: ValidationError[]) => list.length,
    drop: (list: ValidationError[] | null, first: number) => {
      if (list === null || first === 0) return null;
      list.length = first;
      return list;
    },
  },
  "a compiler that joins": {
    add: joined,
    count: (list: ValidationError[]) => list.length,
    drop: (list: ValidationError[] | null, first: number) => {
      if (list === null || first === 0) return null;
      list.length = first;
      return list;
    },
  },
  "this compiler": { add: joined, count: failures, drop: firstFailures },
};

/** `{ items: { type: "number" }, anyOf: [numbers, …] }` of so many branches, printed in one of these ways. */
function union({ add, count, drop }: (typeof printed)["this compiler"], branches: number): Validate {
  const validate: Validate = (data) => {
    let vErrors: ValidationError[] | null = null;
    let errors = 0;
    data.forEach((item, index) => {
      if (typeof item !== "number") {
        vErrors = failed(vErrors, `/${index}`, "type", { type: "number" });
        errors++;
      }
    });
    const before = errors;
    let isAny = false;
    for (let branch = 0; branch < branches; branch++) {
      const start = errors;
      if (!numbers(data)) {
        vErrors = add(vErrors, numbers.errors!);
        errors = count(vErrors);
      }
      isAny ||= start === errors;
    }
    if (isAny) {
      errors = before;
      vErrors = drop(vErrors, before);
    } else {
      vErrors = failed(vErrors, "", "anyOf", {});
      errors++;
    }
    validate.errors = vErrors;
    return errors === 0;
  };
  return validate;
}

describe.each(Object.entries(printed))("code of %s", (_, way) => {
  test.each([1, 2, 250, 251, 499, 500, 501, 700, 5000])("counts right when %i items fail", (count) => {
    const data = Array<string>(count).fill("no");
    for (const branches of [1, 2, 3]) {
      const validate = union(way, branches);
      expect(validate(data)).toBe(false);
      // A branch that has failed was not taken for one that matches.
      expect(way.count(validate.errors!)).toBeGreaterThan(count);
      expect(validate.errors!.slice(0, Math.min(count, 500))).toEqual(
        data.slice(0, 500).map((_item, index) => ({
          ...{ instancePath: `/${index}`, keyword: "type", params: { type: "number" } },
        })),
      );
    }
  });
});
