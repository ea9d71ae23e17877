import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { WorkloadClaims } from "../../../../src/ca/token/jwt-claims.js";
import { createJwtVerifier, isJwt, type VerifyJwt } from "../../../../src/ca/token/jwt-verifier.js";
import {
  AUDIENCE,
  ISSUER,
  type MadeIssuer,
  makeIssuer,
  NOMAD_CLAIMS,
  NOMAD_WORKLOAD,
  PAYMENTS_SUBJECT,
} from "../make-jwt.js";
import { temporaryDirectory } from "../temporary-directory.js";

const PAYMENTS = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "payments" };
const OPTIONS = { trustDomain: "cluster.local", now: Date.now };

let issuer: MadeIssuer;
let stranger: MadeIssuer;
let verify: VerifyJwt;

beforeAll(async () => {
  issuer = await makeIssuer();
  stranger = await makeIssuer();
  verify = createJwtVerifier(
    [{ issuer: ISSUER, audiences: [AUDIENCE, "other"], keys: { jwks: issuer.jwks } }],
    OPTIONS,
  );
});

const refusal = async (token: string | Promise<string>, by = verify): Promise<string> => {
  const outcome = await by(await token);
  return "refused" in outcome ? outcome.refused : "taken";
};

describe("a token of a known issuer", () => {
  test("of a Kubernetes service account proves that service account until it expires", async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    expect(await verify(await issuer.sign({ exp, jti: "a-1" }))).toEqual({
      identity: PAYMENTS,
      expiresAt: exp * 1000,
      evidence: `${ISSUER} a-1`,
    });
  });

  test("proves the workload of a SPIFFE ID", async () => {
    const sub = "spiffe://cluster.local/ns/default/sa/payments";
    expect(await verify(await issuer.sign({ sub }))).toMatchObject({ identity: PAYMENTS });
  });

  test("for several audiences is taken when one of them is ours", async () => {
    expect(await refusal(issuer.sign({ aud: ["elsewhere", "other"] }))).toBe("taken");
  });

  test.each([
    ["expired", { exp: 1_700_000_000 }, "expired"],
    ["never expires", { exp: undefined }, "claims"],
    ["is not valid yet", { nbf: 4_000_000_000 }, "claims"],
    ["is for someone else", { aud: "elsewhere" }, "claims"],
    ["is for nobody in particular", { aud: undefined }, "claims"],
    ["names nobody", { sub: undefined }, "claims"],
    ["names a person", { sub: "alice@example.com" }, "subject"],
    ["names a workload of another trust domain", { sub: "spiffe://other/ns/a/sa/b" }, "subject"],
    ["names a service account with a path in it", { sub: `${PAYMENTS_SUBJECT}/../x` }, "subject"],
    ["names a list of service accounts", { sub: [PAYMENTS_SUBJECT] }, "subject"],
    ["names somebody by a number", { sub: 7 }, "subject"],
    ["names another issuer", { iss: "https://elsewhere.example.com" }, "issuer"],
    ["names its issuer by a number", { iss: 7 }, "malformed"],
    ["names no issuer", { iss: null }, "malformed"],
  ])("that %s is refused", async (_what, claims, reason) => {
    expect(await refusal(issuer.sign(claims as JWTPayload))).toBe(reason);
  });

  test("may name workloads of its namespaces alone", async () => {
    const keys = { jwks: issuer.jwks };
    const limited = createJwtVerifier(
      [{ issuer: ISSUER, audiences: [AUDIENCE], keys, namespaces: ["ci"] }],
      OPTIONS,
    );
    expect(await refusal(issuer.sign(), limited)).toBe("namespace");
    const sub = "system:serviceaccount:ci:runner";
    expect(await refusal(issuer.sign({ sub }), limited)).toBe("taken");
  });
});

describe("a token of an issuer whose claims name workloads", () => {
  const by = (workload: WorkloadClaims, namespaces = ["default"]): VerifyJwt =>
    createJwtVerifier(
      [
        {
          issuer: ISSUER,
          audiences: [AUDIENCE],
          keys: { jwks: issuer.jwks },
          namespaces,
          workload,
        },
      ],
      OPTIONS,
    );

  test("proves the workload that they name, as one of Nomad's does", async () => {
    expect(await by(NOMAD_WORKLOAD)(await issuer.sign(NOMAD_CLAIMS))).toMatchObject({
      identity: PAYMENTS,
      evidence: `${ISSUER} ${NOMAD_CLAIMS.jti}`,
    });
  });

  test("proves the workload that the same for all is, where it is not a claim", async () => {
    const workload = { ...NOMAD_WORKLOAD, namespace: { value: "jobs" } };
    expect(await by(workload, ["jobs"])(await issuer.sign(NOMAD_CLAIMS))).toMatchObject({
      identity: { ...PAYMENTS, namespace: "jobs" },
    });
  });

  test.each([
    ["is for another task than those that are asked for", { nomad_task: "web" }],
    ["does not say what is asked for", { nomad_task: undefined }],
    ["says it as a list", { nomad_task: ["proxy"] }],
    ["names no service account", { nomad_job_id: undefined }],
    ["names the empty one", { nomad_job_id: "" }],
    ["names one that is no text", { nomad_job_id: 7 }],
    ["names a path", { nomad_job_id: "payments/periodic-1" }],
    ["names another namespace in what is the service account's", { nomad_job_id: "x/ns/a/sa/b" }],
    ["names no namespace", { nomad_namespace: undefined }],
    ["names the namespace above", { nomad_namespace: ".." }],
    ["names a service account in what is the namespace's", { nomad_namespace: "default/sa/admin" }],
  ])("that %s is refused", async (_what, claims) => {
    const token = issuer.sign({ ...NOMAD_CLAIMS, ...claims });
    expect(await refusal(token, by(NOMAD_WORKLOAD))).toBe("subject");
  });

  test("may name workloads of its namespaces alone", async () => {
    const token = issuer.sign({ ...NOMAD_CLAIMS, nomad_namespace: "kube-system" });
    expect(await refusal(token, by(NOMAD_WORKLOAD))).toBe("namespace");
  });

  test("proves nothing by a subject, not by one of Kubernetes' form either", async () => {
    expect(await refusal(issuer.sign(), by(NOMAD_WORKLOAD))).toBe("subject");
  });

  test("has the claims that it has itself, and none that all objects have", async () => {
    const workload = { namespace: { value: "default" }, serviceAccount: { claim: "constructor" } };
    expect(await refusal(issuer.sign(), by(workload))).toBe("subject");
  });
});

describe("a forged token is refused", () => {
  test("when another key signed it", async () => {
    expect(await refusal(stranger.sign())).toBe("signature");
  });

  test("when its claims were changed", async () => {
    const [head, , signature] = (await issuer.sign()).split(".");
    const [, claims] = (await stranger.sign({ sub: "system:serviceaccount:a:b" })).split(".");
    expect(await refusal([head, claims, signature].join("."))).toBe("signature");
  });

  test("when nobody signed it", async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const [, claims = ""] = (await issuer.sign()).split(".");
    expect(await refusal(`${part({ alg: "none" })}.${claims}.AA`)).toBe("signature");
  });

  test("when its header has something that must not be overlooked, and that nobody here knows", async () => {
    const part = Buffer.from(JSON.stringify({ alg: "ES256", kid: "one", crit: ["x"], x: 1 }));
    const [, claims, signature] = (await issuer.sign()).split(".");
    const token = [part.toString("base64url"), claims, signature].join(".");
    expect(await refusal(token)).toBe("malformed");
  });

  test("when the public key was used as a password", async () => {
    const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: PAYMENTS_SUBJECT, exp: 4e9 })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .sign(Buffer.from(issuer.jwks));
    expect(await refusal(token)).toBe("signature");
  });

  test.each(["a.b.c", "eyJ.eyJ.x", "...."])("when it is %s", async (text) => {
    expect(await refusal(text)).toBe("malformed");
  });
});

describe("the keys of an issuer", () => {
  test("are all tried when there are several and a token names none", async () => {
    const [first, second] = [await makeIssuer("first"), await makeIssuer("second")];
    const keys = [first, second].flatMap(
      ({ jwks }) => (JSON.parse(jwks) as { readonly keys: readonly object[] }).keys,
    );
    const byEither = createJwtVerifier(
      [{ issuer: ISSUER, audiences: [AUDIENCE], keys: { jwks: JSON.stringify({ keys }) } }],
      OPTIONS,
    );
    expect(await refusal(first.sign({}, {}), byEither)).toBe("taken");
    expect(await refusal(second.sign({}, {}), byEither)).toBe("taken");
    expect(await refusal(second.sign({ aud: "elsewhere" }, {}), byEither)).toBe("claims");
    expect(await refusal(stranger.sign({}, {}), byEither)).toBe("signature");
  });

  test("are read again when their file changes", async () => {
    const jwksFile = join(await temporaryDirectory(), "keys.json");
    const byFile = createJwtVerifier(
      [{ issuer: ISSUER, audiences: [AUDIENCE], keys: { jwksFile } }],
      OPTIONS,
    );
    expect(await refusal(issuer.sign(), byFile)).toBe("keys");
    await writeFile(jwksFile, issuer.jwks);
    expect(await refusal(issuer.sign(), byFile)).toBe("taken");
    await writeFile(jwksFile, `${stranger.jwks}\n`);
    expect(await refusal(issuer.sign(), byFile)).toBe("signature");
    expect(await refusal(stranger.sign(), byFile)).toBe("taken");
  });

  test("are fetched once for many tokens", async () => {
    let fetched = 0;
    const server = createServer((_request, response) => {
      fetched += 1;
      response.end(issuer.jwks);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => {
      server.close();
    });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const keys = { jwksUri: `http://127.0.0.1:${port}/keys` };
    const byUrl = createJwtVerifier([{ issuer: ISSUER, audiences: [AUDIENCE], keys }], OPTIONS);
    expect(await refusal(issuer.sign(), byUrl)).toBe("taken");
    expect(await refusal(issuer.sign(), byUrl)).toBe("taken");
    expect(fetched).toBe(1);
  });
});

test("a join token has not the form of a JSON Web Token", async () => {
  expect(isJwt(await issuer.sign())).toBe(true);
  expect(isJwt("fairlead-k3v5wq2m7a-abcdefghijklmnopqrstuvwxyz234567")).toBe(false);
});
