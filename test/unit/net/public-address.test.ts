import { expect, test } from "vitest";
import { isPublic } from "../../../src/net/public-address.js";

test.each(["8.8.8.8", "2606:4700::1111"])("%s is of the public internet", (address) => {
  expect(isPublic(address)).toBe(true);
});

test.each([
  "127.0.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "255.255.255.255",
  "224.0.0.1",
  "::1",
  "::",
  "fe80::1",
  "fd00::1",
  "::ffff:127.0.0.1",
  "::ffff:169.254.169.254",
  "64:ff9b::a00:1",
  "2002:a00:1::",
])("%s is not", (address) => {
  expect(isPublic(address)).toBe(false);
});
