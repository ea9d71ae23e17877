import { expect, test } from "vitest";
import { luaProblem } from "../../../../../src/config/kinds/extensions/lua.js";
import { parseOffline } from "../../../../../src/config/parse-offline.js";

test.each([
  "function envoy_on_request(h) h:headers():add('a', \"b\") end",
  "x = 0x1p4; goto there ::there:: y = 5LL; z = '\\x41\\z  b'",
  "-- nothing but a comment",
  "#!/usr/bin/lua\nx = 1",
  "",
])("takes a script as LuaJIT reads it: %s", (code) => {
  expect(luaProblem(code)).toBeUndefined();
});

test.each([
  ["function envoy_on_request(h)\n  h:headers(:add(1)\nend", 2, "')' expected near ':'"],
  ["while true do", 1, "'end' expected near '<eof>'"],
  ["~", 1, "unexpected symbol '~'"],
  ["\n-- a comment\n~ x", 3, "unexpected symbol '~'"],
  ["(".repeat(60_000), 1, "it is nested too deeply"],
])("tells what of a script cannot be read, and in which line", (code, line, message) => {
  expect(luaProblem(code)).toEqual({ line, message });
});

test("a script with a mistake is an error of its TrafficExtension, at the script", () => {
  const text = `apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: { name: one }
spec:
  lua:
    inlineCode: |
      function envoy_on_request(request)
        request:headers(
      end
`;
  const { diagnostics, tables } = parseOffline([{ path: "a.yaml", text }]);
  expect(tables.TrafficExtension.size).toBe(0);
  expect(diagnostics).toMatchObject([
    {
      severity: "error",
      position: { file: "a.yaml", line: 7 },
      message: expect.stringContaining("line 3 of the script") as string,
    },
  ]);
});
