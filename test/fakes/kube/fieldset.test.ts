import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  difference,
  emptySet,
  type FieldSet,
  fromFieldsV1,
  insert,
  intersection,
  isEmpty,
  paths,
  printPath,
  recursiveDifference,
  sameSet,
  toFieldsV1,
  union,
} from "./fieldset.ts";

const element = fc.constantFrom("f:a", "f:b", "f:c", 'k:{"name":"x"}', 'v:"y"');
const sets = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 12 }).map((list): FieldSet => {
  const set = emptySet();
  for (const path of list) insert(set, path);
  return set;
});
const listed = (set: FieldSet) => new Set([...paths(set)].map((path) => path.join(" ")));

describe("field sets", () => {
  it("survive the way to fieldsV1 and back", () => {
    fc.assert(fc.property(sets, (set) => sameSet(fromFieldsV1(toFieldsV1(set)), set)));
  });

  it("obey the laws of sets", () => {
    fc.assert(
      fc.property(sets, sets, (left, right) => {
        expect(listed(union(left, right))).toEqual(new Set([...listed(left), ...listed(right)]));
        const others = listed(right);
        expect(listed(difference(left, right))).toEqual(new Set([...listed(left)].filter((path) => !others.has(path))));
        expect(listed(intersection(left, right))).toEqual(
          new Set([...listed(left)].filter((path) => others.has(path))),
        );
        expect(isEmpty(difference(left, left))).toBe(true);
      }),
    );
  });

  it("write a path with and without children as the API server does", () => {
    const set = emptySet();
    insert(set, ["f:spec", "f:containers", 'k:{"name":"c"}']);
    insert(set, ["f:spec", "f:containers", 'k:{"name":"c"}', "f:image"]);
    expect(toFieldsV1(set)).toEqual({ "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:image": {} } } } });
  });

  it("take everything below a path along when asked to", () => {
    const set = emptySet();
    insert(set, ["f:status", "f:replicas"]);
    insert(set, ["f:spec"]);
    const status = emptySet();
    insert(status, ["f:status"]);
    expect(listed(recursiveDifference(set, status))).toEqual(new Set(["f:spec"]));
    expect(listed(difference(set, status))).toEqual(new Set(["f:spec", "f:status f:replicas"]));
  });

  it("print paths as conflict messages do", () => {
    expect(printPath(["f:spec", "f:containers", 'k:{"name":"c"}', "f:image"])).toBe('.spec.containers[name="c"].image');
    expect(printPath(["f:metadata", "f:finalizers", 'v:"a/b"'])).toBe('.metadata.finalizers[="a/b"]');
  });
});
