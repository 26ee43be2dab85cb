import { describe, expect, it } from "vitest";
import { editDistance } from "./edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["role", "roles", 1],
    ["kitten", "sitting", 3],
  ])("between %s and %s is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });
});
