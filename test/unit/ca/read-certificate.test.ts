/** Certificates that others made, of which an authority may be given one. */
import { expect, test } from "vitest";
import { certificatesOfPem } from "../../../src/ca/certificate/pem.js";
import { readCertificate } from "../../../src/ca/certificate/x509.js";

/** By OpenSSL, without its key: an authority with an address of mail, for code, with usages that no workload has. */
const COMPANY = `-----BEGIN CERTIFICATE-----
MIIB2DCCAX6gAwIBAgIUSqtkt7cXoXqyDmGDHnnOPp1op7cwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHY29tcGFueTAgFw0yNjExMjcwNzUzMDlaGA8yMTI2MTEwMzA3
NTMwOVowEjEQMA4GA1UEAwwHY29tcGFueTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABHhNV+CAyxOrmJTN2kAzSV8sxzPsngYFsU+1h5Q6Kz80mPAc+HG32K/eXNxd
eegwWy6z1OiM1M+xiRoN2hSZN72jga8wgawwHQYDVR0OBBYEFMpxgsDDennimryU
QigRcZDdRzZFMB8GA1UdIwQYMBaAFMpxgsDDennimryUQigRcZDdRzZFMA8GA1Ud
EwEB/wQFMAMBAf8wKQYDVR0RBCIwIIEOY2FAZXhhbXBsZS5jb22CDmNhLmV4YW1w
bGUuY29tMB0GA1UdJQQWMBQGCCsGAQUFBwMDBggrBgEFBQcDAjAPBgNVHQ8BAf8E
BQMDBxyAMAoGCCqGSM49BAMCA0gAMEUCIHOmgj7gI+LoHStt4rfklPo4rCvkBG6b
O9F3R6xMVgbEAiEA9M8XH5CmlcpMR6Fj7+qS6X27cqkOlRFTYawVnY2+HR4=
-----END CERTIFICATE-----
`;

test("is read with usages and names that none of the mesh's own has", () => {
  const [der] = certificatesOfPem(COMPANY);
  expect(readCertificate(der ?? Buffer.from(""))).toMatchObject({
    subject: "CN=company",
    keyUsages: ["dataEncipherment", "keyAgreement", "keyCertSign", "decipherOnly"],
    extendedKeyUsages: ["1.3.6.1.5.5.7.3.3", "clientAuth"],
    subjectAltNames: [
      { type: "other", value: "ca@example.com" },
      { type: "dns", value: "ca.example.com" },
    ],
  });
});
