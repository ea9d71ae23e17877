import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCertificate } from "../../../../src/ca/certificate/x509.js";
import { federatedDomains, givenTrustSource } from "../../../../src/ca/trust/given-trust.js";
import { peerValidation } from "../../../../src/ca/trust/peer-validation.js";
import { parseRevocationLists } from "../../../../src/ca/trust/revocation-lists.js";
import {
  authorityTemplate,
  leafTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../make-certificate.js";
import { makeRevocationList } from "../make-revocation-list.js";
import { temporaryDirectory } from "../temporary-directory.js";

let root: MadeCertificate;
let middle: MadeCertificate;
let leaf: MadeCertificate;
let directory: string;

beforeAll(async () => {
  root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  middle = await makeCertificate(authorityTemplate({ subject: "CN=middle" }), root.issuer);
  leaf = await makeCertificate(leafTemplate(), middle.issuer);
});

beforeEach(async () => {
  directory = await temporaryDirectory();
});

const source = () => givenTrustSource({ bundlesDirectory: directory }, "cluster.local");

const spiffeBundle = (...keys: readonly object[]): string => JSON.stringify({ keys });

describe("a directory of bundles", () => {
  test("has the roots of a domain in each file, as certificates or as a SPIFFE bundle", async () => {
    const x5c = [root.der.toString("base64")];
    await writeFile(join(directory, "a.example.pem"), `a comment\n${root.pem}${middle.pem}`);
    await writeFile(
      join(directory, "b.example.json"),
      spiffeBundle({ use: "x509-svid", x5c }, { use: "jwt-svid", kty: "EC" }),
    );
    await writeFile(join(directory, "README"), "no bundle");
    const given = await source().read();
    expect(given.bundles).toEqual([
      { trustDomain: "a.example", roots: [root.pem, middle.pem] },
      { trustDomain: "b.example", roots: [root.pem] },
    ]);
    expect(federatedDomains(given)).toEqual(["a.example", "b.example"]);
  });

  test.each([
    ["a.pem", () => "", "there is no root certificate"],
    ["a.pem", () => leaf.pem, "not that of an authority"],
    ["a.json", () => "{", "no SPIFFE bundle"],
    ["a.json", () => spiffeBundle({ use: "jwt-svid" }), "there is no root certificate"],
    ["A B.pem", () => root.pem, "is no trust domain"],
    ["cluster.local.pem", () => root.pem, "is the trust domain of this mesh"],
  ])(
    "is not taken with %s of wrong content (%#), and the file is named",
    async (name, text, message) => {
      await writeFile(join(directory, name), text());
      const reading = source().read();
      await expect(reading).rejects.toThrow(message);
      await expect(reading).rejects.toThrow(join(directory, name));
    },
  );

  test("is another version when a file comes, changes or goes", async () => {
    const file = join(directory, "a.pem");
    const versions = [await source().version()];
    for (const text of ["1", "22"]) {
      await writeFile(file, text);
      versions.push(await source().version());
    }
    await rm(file);
    expect(new Set(versions).size).toBe(3);
    expect(await source().version()).toBe(versions[0]);
  });
});

describe("revocation lists", () => {
  test("say whose certificates are worthless, and which authority has none", async () => {
    const { serialNumber } = readCertificate(leaf.der);
    const lists = parseRevocationLists(await makeRevocationList(root.issuer, [serialNumber]));
    expect(lists.revokes(serialNumber)).toBe(true);
    expect(lists.revokes("01")).toBe(false);
    expect(lists.without([root.pem])).toEqual([]);
    expect(lists.without([root.pem, middle.pem])).toEqual(["CN=middle"]);
  });

  test("are read beside Istio's cacerts files where no other file is named", async () => {
    const list = await makeRevocationList(root.issuer, []);
    const places = { cacertsDirectory: directory };
    expect((await givenTrustSource(places, "cluster.local").read()).revocations.pem).toBe("");
    await writeFile(join(directory, "ca-crl.pem"), list);
    expect((await givenTrustSource(places, "cluster.local").read()).revocations.pem).toBe(list);
  });

  test("have to be some", () => {
    expect(() => parseRevocationLists(root.pem)).toThrow("no X509 CRL");
  });
});

describe("proxies check each other", () => {
  const authority = () => ({
    trustDomain: "cluster.local",
    roots: [root.pem],
    authorities: [root.pem],
  });
  const trustDomainAliases = ["old.local"];

  test("by the roots of their authority, and its lists where they cover it", async () => {
    const revocations = parseRevocationLists(await makeRevocationList(root.issuer, []));
    const given = { bundles: [], revocations };
    expect(peerValidation({ authority: authority(), trustDomainAliases, given })).toEqual({
      trustedCa: { inlineString: root.pem },
      crl: { inlineString: revocations.pem },
    });
    const wider = { ...authority(), authorities: [root.pem, middle.pem] };
    expect(peerValidation({ authority: wider, trustDomainAliases, given })).toEqual({
      trustedCa: { inlineString: root.pem },
    });
  });

  test("by the bundle of the domain in the certificate, each domain once, when others are given", async () => {
    const revocations = parseRevocationLists(await makeRevocationList(root.issuer, []));
    const bundles = [
      { trustDomain: "old.local", roots: [middle.pem] },
      { trustDomain: "partner", roots: [middle.pem] },
    ];
    const given = { bundles, revocations };
    const own = root.pem + revocations.pem;
    expect(peerValidation({ authority: authority(), trustDomainAliases, given })).toMatchObject({
      customValidatorConfig: {
        typedConfig: {
          trustDomains: [
            { name: "cluster.local", trustBundle: { inlineString: own } },
            { name: "old.local", trustBundle: { inlineString: own + middle.pem } },
            { name: "partner", trustBundle: { inlineString: middle.pem } },
          ],
        },
      },
    });
  });
});
