import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestWord, didYouMean } from "../../../../src/base/text/closest-word.js";

const FIELDS = ["weight", "destination", "headers", "mirrorPercentage", "http"];

describe("closestWord", () => {
  it.each([
    ["weigth", "weight"],
    ["wieght", "weight"],
    ["weights", "weight"],
    ["desination", "destination"],
    ["Headers", "headers"],
    ["mirror_percentage", "mirrorPercentage"],
    ["HTTPS", "http"],
  ])("takes %s for %s", (word, meant) => {
    expect(closestWord(word, FIELDS)).toBe(meant);
  });

  it.each(["x", "port", "completelyDifferent", ""])("finds nothing near %j", (word) => {
    expect(closestWord(word, FIELDS)).toBeUndefined();
  });

  it("finds every word again that lost one of its letters", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,12}$/), fc.nat(11), (word, at) => {
        const index = at % word.length;
        const misspelt = word.slice(0, index) + word.slice(index + 1);
        expect(closestWord(misspelt, [word])).toBe(word);
      }),
    );
  });

  it("becomes the end of a message, or nothing", () => {
    expect(didYouMean("weigth", FIELDS)).toBe(' (did you mean "weight"?)');
    expect(didYouMean("x", FIELDS)).toBe("");
  });
});
