import { describe, expect, it } from "vitest";
import { createRestCollection } from "../../../../src/cli/long-running/rest-collection.js";

/** After which looks the heap was looked through, when they found the control plane at work ("w") or at rest ("-"). */
function collections(found: string): readonly number[] {
  const looks = found.split("");
  const collected: number[] = [];
  let look = 0;
  const takeLook = createRestCollection({
    isAtRest: () => looks[look - 1] === "-",
    collect: () => {
      collected.push(look);
    },
  });
  while (look < looks.length) {
    look += 1;
    takeLook();
  }
  return collected;
}

describe("the heap of a control plane", () => {
  it("is looked through once when the start is over and nobody has come", () => {
    expect(collections("----------")).toEqual([2]);
    expect(collections("www-----")).toEqual([5]);
  });

  it("is looked through once when all proxies have left", () => {
    expect(collections("w-")).toEqual([]);
    expect(collections("w--")).toEqual([3]);
    expect(collections("w-------")).toEqual([3]);
  });

  it("is looked through again when others have come and left", () => {
    expect(collections("w---w---")).toEqual([3, 7]);
  });

  it("is left alone while any proxy is connected, and where one comes back soon", () => {
    expect(collections("wwwwww")).toEqual([]);
    expect(collections("w-w-w")).toEqual([]);
  });
});
