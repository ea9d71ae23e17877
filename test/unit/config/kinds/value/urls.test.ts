import { expect, it } from "vitest";
import { schemeOf, urlProblem } from "../../../../../src/config/kinds/value/urls.js";

it.each([
  "https://a.b/c?d=e#f",
  "oci://registry:5000/a@sha256:0f",
  "http://[::1]:80/",
  "http://user:secret@a_b/%20",
  "http://a:",
  "http://%e4/",
  "http:opaque",
  "file:///a",
  "/a/b",
])("%s is a URL", (url) => {
  expect(urlProblem(url)).toBeUndefined();
});

it.each([
  ["without a scheme", "a.b/c"],
  ["with nothing for a scheme", ":a"],
  ["with a port that is none", "http://a:b/"],
  ["with a port behind brackets that is none", "http://[::1]b/"],
  ["with a space in the host", "http://a b/"],
  ["with a letter of a host in hexadecimal digits", "http://%61/"],
  ["with a space in the name of a user", "http://a b@c/"],
  ["with a percent sign before no digits", "http://a/%zz"],
  ["with a control character", "http://a/\u007f"],
])("what is %s is no URL", (_, url) => {
  expect(urlProblem(url)).toBeDefined();
});

it("the scheme of a URL is what is before its first colon, in small letters", () => {
  expect(["OCI://a", "localhost:80/a", "a_b:80", "a.b/c"].map(schemeOf)).toEqual([
    "oci",
    "localhost",
    undefined,
    undefined,
  ]);
});
