import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMasks } from "./masks.ts";

describe("a mask", () => {
  it.each([
    ["as it is", "p@ss w'rd", "x p@ss w'rd y"],
    ["in JSON", 'a"b\\c', JSON.stringify({ key: 'a"b\\c' })],
    ["in an address", "a/b c+d", `?q=${encodeURIComponent("a/b c+d")}`],
    ["in an address, marks and all", "it(is)!*", "?q=it%28is%29%21%2A"],
    ["in an argument", 'say "hi"', 'docker run -e say \\"hi\\"'],
    ["by its part before an ampersand", "first-part&second", "first-part&"],
    ["in XML", "a<b>&c", "<v>a&lt;b&gt;&amp;c</v>"],
    ["in an expression", "it's", "'it''s'"],
    ["without its quotes", '"quoted-value"', "quoted-value"],
  ])("hides the value %s", (_, secret, text) => {
    const masks = createMasks([secret]);
    expect(masks.mask(text)).toContain("***");
    expect(masks.mask(text)).not.toContain(secret);
  });

  it("hides the longer of two secrets whole", () => {
    expect(createMasks(["abc", "abcdef"]).mask("abcdef abc")).toBe("*** ***");
  });

  it("hides a secret at any offset of a base64 text that ends with it", () => {
    const secret = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_"), minLength: 12, maxLength: 40 });
    const before = fc.string({ unit: "grapheme-ascii", maxLength: 5 });
    fc.assert(
      fc.property(secret, before, (value, text) => {
        expect(createMasks([value]).mask(Buffer.from(text + value).toString("base64"))).toContain("***");
      }),
    );
  });

  it("leaves a secret readable in a base64 text that goes on behind it, as the runner does", () => {
    const text = Buffer.from("hunter2-hunter2: and more").toString("base64");
    expect(createMasks(["hunter2-hunter2:"]).mask(text)).toBe(text);
  });

  it("hides every line of a secret of several lines, whatever its line ends", () => {
    const line = fc.string({ unit: fc.constantFrom(..."abcdef0123"), minLength: 4, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 5 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
        const masks = createMasks([lines.join(end)]);
        for (const one of lines) expect(masks.mask(`> ${one} <`)).toBe("> *** <");
      }),
    );
  });
});
