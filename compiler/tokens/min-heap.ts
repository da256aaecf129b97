/** A queue of numbers, the lowest first. */
export interface MinHeap {
  push(value: number): void;
  /** Removes and returns the lowest number. */
  pop(): number | undefined;
}

export function minHeap(): MinHeap {
  const values: number[] = [];
  return {
    push(value) {
      let at = values.push(value) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (values[parent]! <= value) break;
        values[at] = values[parent]!;
        at = parent;
      }
      values[at] = value;
    },
    pop() {
      const lowest = values[0];
      const last = values.pop();
      const length = values.length;
      if (length === 0 || last === undefined) return lowest;
      let at = 0;
      for (let child = 1; child < length; child = 2 * at + 1) {
        if (child + 1 < length && values[child + 1]! < values[child]!) child++;
        if (last <= values[child]!) break;
        values[at] = values[child]!;
        at = child;
      }
      values[at] = last;
      return lowest;
    },
  };
}
