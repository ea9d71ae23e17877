/** Proxies that come in by the tokens of an issuer. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { TYPE_URL } from "../../../src/xds/resource.js";
import {
  AUDIENCE,
  ISSUER,
  type MadeIssuer,
  makeIssuer,
  NOMAD_CLAIMS,
  NOMAD_WORKLOAD,
} from "../../unit/ca/make-jwt.js";
import { openAds } from "./ads-client.js";
import { type Started, start } from "./start.js";

async function startWithIssuer(
  limits: object = {},
): Promise<{ started: Started; issuer: MadeIssuer }> {
  const issuer = await makeIssuer();
  const directory = await mkdtemp(join(tmpdir(), "fairlead-jwt-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const jwtIssuersFile = join(directory, "issuers.json");
  const rule = { issuer: ISSUER, audiences: [AUDIENCE], jwks: issuer.jwks, ...limits };
  await writeFile(jwtIssuersFile, JSON.stringify([rule]));
  return { started: await start("", { jwtIssuersFile }), issuer };
}

test("a proxy with a Kubernetes service account's token is let in, as often as it comes", async () => {
  const { started, issuer } = await startWithIssuer();
  const options = {
    ...started.overTls,
    token: await issuer.sign(),
    serviceAccount: "payments",
  };
  const secretsOf = async (): Promise<readonly string[]> => {
    const client = openAds(options);
    await client.ask(TYPE_URL.cluster);
    const { names } = await client.ask(TYPE_URL.secret, ["default", "ROOTCA"]);
    return [...names].sort();
  };
  expect(await secretsOf()).toEqual(["ROOTCA", "default"]);
  expect(await secretsOf()).toEqual(["ROOTCA", "default"]);
});

test("a node that claims another service account than its token's is refused", async () => {
  const { started, issuer } = await startWithIssuer();
  const client = openAds({
    ...started.overTls,
    token: await issuer.sign(),
    serviceAccount: "admin",
  });
  await expect(client.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: expect.stringContaining("its jwt is for default/payments") as string,
  });
});

test("a stream is closed with the reason when its token expires, and the token is then refused", async () => {
  const { started, issuer } = await startWithIssuer();
  const exp = Math.ceil(Date.now() / 1000) + 1;
  const options = {
    ...started.overTls,
    token: await issuer.sign({ exp }),
    serviceAccount: "payments",
  };
  const client = openAds(options);
  await client.ask(TYPE_URL.cluster);
  expect(await client.ended).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining("has expired") as string,
  });
  expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  await expect(openAds(options).ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining("has expired") as string,
  });
});

test("a proxy with a token whose claims name its workload is that one, and no other", async () => {
  const { started, issuer } = await startWithIssuer({
    namespaces: ["default"],
    workload: NOMAD_WORKLOAD,
  });
  const token = await issuer.sign(NOMAD_CLAIMS);
  const client = openAds({ ...started.overTls, token, serviceAccount: "payments" });
  await client.ask(TYPE_URL.cluster);
  expect((await client.ask(TYPE_URL.secret, ["default"])).names).toEqual(["default"]);

  const other = openAds({ ...started.overTls, token, serviceAccount: "orders" });
  await expect(other.ask(TYPE_URL.cluster)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: expect.stringContaining("its jwt is for default/payments") as string,
  });
});
