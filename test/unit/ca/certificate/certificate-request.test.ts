import { webcrypto } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyOfRequest } from "../../../../src/ca/certificate/certificate-request.js";
import { makeRequest, type RequestOptions, rsaKey } from "../make-request.js";

describe("the key of a request is taken", () => {
  test.each([
    ["P-256", { name: "ECDSA", namedCurve: "P-256" }],
    ["P-384", { name: "ECDSA", namedCurve: "P-384" }],
    ["RSA-2048", rsaKey(2048)],
  ] as const)("when it is %s", async (type, key) => {
    const { pem, publicKey } = await makeRequest({ key });
    const taken = await keyOfRequest(pem);
    expect(taken.type).toBe(type);
    const der = Buffer.from(await webcrypto.subtle.exportKey("spki", taken.publicKey));
    expect(der).toEqual(publicKey);
  });

  test("when text stands around it", async () => {
    const { pem } = await makeRequest();
    await expect(keyOfRequest(`a comment\n${pem}\n`)).resolves.toMatchObject({ type: "P-256" });
  });
});

describe("a request is refused", () => {
  const refusal = (why: RegExp): object => ({
    code: "certificate-request",
    message: expect.stringMatching(why) as string,
  });

  test.each<[string, RequestOptions, RegExp]>([
    ["an RSA key of 1024 bits", { key: rsaKey(1024) }, /none of the types/],
    ["an RSA key of an odd size", { key: rsaKey(2056) }, /none of the types/],
    ["an RSA key with exponent 3", { key: rsaKey(2048, 3) }, /none of the types/],
    ["a key on P-521", { key: { name: "ECDSA", namedCurve: "P-521" } }, /none of the types/],
    ["CA:TRUE", { authority: true }, /may sign others/],
  ])("with %s", async (_what, options, why) => {
    const { pem } = await makeRequest(options);
    await expect(keyOfRequest(pem)).rejects.toMatchObject(refusal(why));
  });

  test("with a key that did not sign it", async () => {
    const { pem } = await makeRequest();
    const lines = pem.trim().split("\n");
    const der = Buffer.from(lines.slice(1, -1).join(""), "base64");
    const last = der.length - 1;
    der[last] = (der[last] ?? 0) ^ 1;
    const changed = [lines[0], der.toString("base64"), lines.at(-1)].join("\n");
    await expect(keyOfRequest(changed)).rejects.toMatchObject(refusal(/not signed by its own key/));
  });

  test.each([
    ["empty text", ""],
    ["other text", "a request"],
    [
      "bytes that are none",
      "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
    ],
    ["very long text", "A".repeat(1_000_000)],
  ])("that is %s", async (_what, text) => {
    await expect(keyOfRequest(text)).rejects.toMatchObject(refusal(/request/));
  });

  test("that is two", async () => {
    const two = (await makeRequest()).pem + (await makeRequest()).pem;
    await expect(keyOfRequest(two)).rejects.toMatchObject(refusal(/not one/));
  });
});
