/** Whole outputs of `proxy-config` on saved dumps: one of a real Envoy, and one written for what is rare. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../run.js";
import { CONSOLE_DIRECTORY, expectTranscripts } from "../../transcript.js";

/** While the certificates of the dump were valid. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-26T12:00:00Z") });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Transcripts of `proxy-config`. */
async function expectOutputs(
  name: string,
  commands: readonly (readonly string[])[],
): Promise<void> {
  await expectTranscripts(
    name,
    commands.map((args) => ["proxy-config", ...args]),
  );
}

test("clusters", async () => {
  await expectOutputs("clusters", [
    ["clusters", "-f", "sidecar.json"],
    ["cluster", "-f", "sidecar.json", "--port", "80", "--direction", "outbound"],
    ["c", "-f", "sidecar.json", "--fqdn", "payments", "--subset", "v1", "-o", "short"],
    ["clusters", "-f", "sidecar.json", "--direction", "inbound", "-o", "json"],
    ["clusters", "-f", "sidecar.json", "--subset", "v2", "-o", "yaml"],
    ["clusters", "-f", "unusual.json"],
    ["clusters", "-f", "unusual.json", "--port", "80", "-o", "json"],
    ["clusters", "-f", "unusual.json", "--fqdn", "nobody"],
    ["clusters", "-f", "sidecar.json", "--fqdn", "payments", "-o", "wide"],
  ]);
});

test("endpoints", async () => {
  await expectOutputs("endpoints", [
    ["endpoints", "-f", "sidecar-clusters.json"],
    ["endpoint", "-f", "sidecar-clusters.json", "--port", "8443"],
    ["ep", "-f", "sidecar-clusters.json", "--address", "127.30.14.51", "--status", "healthy"],
    ["ep", "-f", "sidecar-clusters.json", "--cluster", "admin", "-o", "json"],
    ["endpoints", "-f", "unusual-clusters.json"],
    ["endpoints", "-f", "unusual-clusters.json", "--status", "unhealthy", "-o", "yaml"],
    ["eds", "-f", "sidecar.json"],
    ["eds", "-f", "sidecar.json", "--cluster", "admin", "-o", "json"],
    ["eds", "-f", "unusual.json"],
    ["eds", "-f", "unusual.json", "--status", "draining"],
    ["eds", "-f", "unusual.json", "--address", "FD00::7", "--port", "8080"],
  ]);
});

test("listeners", async () => {
  await expectOutputs("listeners", [
    ["listeners", "-f", "sidecar.json"],
    ["listener", "-f", "sidecar.json", "--port", "8080", "-o", "short"],
    ["l", "-f", "sidecar.json", "--verbose=false"],
    ["l", "-f", "sidecar.json", "--type", "http+tcp", "--verbose", "false"],
    ["l", "-f", "sidecar.json", "--address", "127.30.243.86", "--type", "HTTP", "--verbose"],
    ["l", "-f", "sidecar.json", "--port", "15021", "-o", "json"],
    ["listeners", "-f", "unusual.json"],
    ["listeners", "-f", "unusual.json", "--address", "::"],
    ["listeners", "-f", "unusual.json", "--port", "80", "-o", "yaml"],
  ]);
});

test("routes", async () => {
  await expectOutputs("routes", [
    ["routes", "-f", "sidecar.json"],
    ["route", "-f", "sidecar.json", "--name", "80"],
    ["r", "-f", "sidecar.json", "--verbose=false"],
    ["r", "-f", "sidecar.json", "--name", "http_proxy", "-o", "wide"],
    ["r", "-f", "sidecar.json", "--name", "inbound|8080||", "-o", "json"],
    ["routes", "-f", "unusual.json"],
    ["routes", "-f", "unusual.json", "--name", "80", "-o", "yaml"],
  ]);
});

test("secrets, bootstraps and extensions", async () => {
  await expectOutputs("secret-bootstrap-ecds", [
    ["secret", "-f", "sidecar.json"],
    ["s", "-f", "unusual.json"],
    ["secrets", "-f", "unusual.json", "-o", "json"],
    ["bootstrap", "-f", "sidecar.json", "-o", "short"],
    ["b", "-f", "unusual.json", "-o", "table"],
    ["b", "-f", "unusual.json"],
    ["b", "-f", "unusual.json", "-o", "yaml"],
    ["ecds", "-f", "sidecar.json"],
    ["ec", "-f", "unusual.json"],
    ["ecds", "-f", "unusual.json", "-o", "yaml"],
  ]);
});

test("all", async () => {
  await expectOutputs("all", [
    ["all", "-f", "sidecar.json"],
    ["a", "-f", "sidecar.json", "--port", "80", "--direction", "outbound", "--name", "80"],
    ["all", "-f", "unusual.json"],
    ["all", "-f", "sidecar.json", "--port", "80", "--name", "80", "--verbose=false"],
  ]);
});

test("all of a dump in JSON is the dump, in canonical JSON", async () => {
  const { stdout } = await run([
    "pc",
    "all",
    "-f",
    join(CONSOLE_DIRECTORY, "sidecar.json"),
    "-o",
    "json",
  ]);
  const { configs } = JSON.parse(stdout) as { readonly configs: readonly object[] };
  expect(configs.map((section) => Object.keys(section))).toContainEqual([
    "@type",
    "versionInfo",
    "staticClusters",
    "dynamicActiveClusters",
  ]);
});

test("mistakes", async () => {
  await expectOutputs("mistakes", [
    ["clusters"],
    ["clusters", "-f", "absent.json"],
    ["clusters", "-f", "expected/clusters.txt"],
    ["clusters", "-f", "sidecar-clusters.json"],
    ["endpoints", "-f", "sidecar.json"],
    ["routes", "-f", "sidecar.json", "-o", "xml"],
    ["routes", "-f", "sidecar.json", "--verbose=perhaps"],
    ["listeners", "-f", "sidecar.json", "--type", "UDP"],
    ["endpoints", "-f", "sidecar-clusters.json", "--status", "well"],
    ["eds", "-f", "sidecar.json", "--status", "well"],
    ["log", "a-0.default", "--level", "http:loud"],
    ["log", "a-0.default", "--level", "debug", "--reset"],
    ["log", "-f", "sidecar.json"],
  ]);
});
