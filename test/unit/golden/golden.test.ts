import { beforeAll, expect, test } from "vitest";
import type { Encoder } from "../../../src/envoy/resource/encoder.js";
import {
  allExpectedFiles,
  expectedFile,
  goldenCaseNames,
  goldenEncoder,
  goldenResources,
  printResources,
  readGoldenCase,
} from "./golden-case.js";

const ADVICE = "`make golden` writes what is sent now; read the difference before you commit it\n";

let encoder: Encoder;

beforeAll(() => {
  encoder = goldenEncoder();
});

test.each(goldenCaseNames())("the proxies of %s are sent what is expected", async (name) => {
  const golden = readGoldenCase(name);
  const errors = golden.snapshot.diagnostics.filter(({ severity }) => severity === "error");
  expect(errors).toEqual([]);
  for (const [proxy, sets] of goldenResources(golden, encoder)) {
    const text = printResources(sets, encoder);
    await expect(text, ADVICE).toMatchFileSnapshot(expectedFile(name, proxy));
  }
});

test("every expected file belongs to a proxy of its case", () => {
  const written = goldenCaseNames().flatMap((name) =>
    [...readGoldenCase(name).proxies.keys()].map((proxy) => expectedFile(name, proxy)),
  );
  const orphans = allExpectedFiles().filter((file) => !written.includes(file));
  expect(orphans, "remove these files").toEqual([]);
});
