/** Proxies whose token says which labels they may have. */
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { IssuedCertificate } from "../../../src/ca/authority/authority.js";
import { redact } from "../../../src/ca/redacted.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { type AdsClient, certificateOf, openAds } from "./ads-client.js";
import { start } from "./start.js";

const LABELS = { app: "payments", version: "v1" };
const GATEWAY = { ...LABELS, istio: "ingressgateway" };
const NODE = { serviceAccount: "payments", labels: LABELS };
const DENIED = {
  code: status.PERMISSION_DENIED,
  details: expect.stringContaining("claims label istio=ingressgateway") as string,
};

test("a node with other labels than its token's is refused, also when it comes back by its certificate", async () => {
  const { overTls, token } = await start("");
  const byToken = async (labels: Readonly<Record<string, string>>) =>
    openAds({ ...overTls, ...NODE, labels, token: await token("default/payments", 1, LABELS) });
  await expect((await byToken(GATEWAY)).ask(TYPE_URL.cluster)).rejects.toMatchObject(DENIED);

  const limited = await byToken(LABELS);
  await limited.ask(TYPE_URL.cluster);
  const certificate = await issuedTo(limited);
  await openAds({ ...overTls, ...NODE, certificate }).ask(TYPE_URL.cluster);
  const disguised = openAds({ ...overTls, ...NODE, labels: GATEWAY, certificate });
  await expect(disguised.ask(TYPE_URL.cluster)).rejects.toMatchObject(DENIED);
});

test("a node whose token limits nothing shares no certificate with one whose token does", async () => {
  const { overTls, token } = await start("");
  const limited = openAds({
    ...{ ...overTls, ...NODE },
    token: await token("default/payments", 1, LABELS),
  });
  const free = openAds({ ...overTls, ...NODE, labels: GATEWAY, token: await token() });
  await limited.ask(TYPE_URL.cluster);
  await free.ask(TYPE_URL.cluster);
  const certificate = await issuedTo(free);
  expect((await issuedTo(limited)).chain).not.toBe(certificate.chain);
  await openAds({ ...overTls, ...NODE, labels: GATEWAY, certificate }).ask(TYPE_URL.cluster);
});

/** The certificate that a client is given, with its key. */
async function issuedTo(client: AdsClient): Promise<IssuedCertificate> {
  const { bodies } = await client.ask(TYPE_URL.secret, ["default"]);
  const { chain, key } = certificateOf(bodies[0]!);
  return { chain, privateKey: redact(key), issuedAt: 0, notAfter: 0 };
}
