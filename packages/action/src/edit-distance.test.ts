import { describe, expect, it } from "vitest";
import { editDistance } from "./edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["role", "roles", 1],
    ["kitten", "sitting", 3],
    ["regoin", "region", 1],
    ["ab", "ba", 1],
    ["abc", "cab", 2],
  ])("between %s and %s is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });
});
