/** What is said of a trust domain that the configuration had not yet when the control plane was started. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { start } from "./start.js";

const config = (settings: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    ${settings}
`;

test("another trust domain is warned of until the control plane is started with it, or has the former one back", async () => {
  const { controlPlane, config: directory } = await start(config("trustDomain: former"));
  const said = (): readonly object[] =>
    controlPlane.diagnostics().filter(({ code }) => code === "started-otherwise");
  const told: string[] = [];
  controlPlane.onUpdate(({ newDiagnostics, clearedDiagnostics }) => {
    told.push(...newDiagnostics.map(({ code }) => code));
    told.push(...clearedDiagnostics.map(({ code }) => `no more ${code}`));
  });
  expect(said()).toEqual([]);
  const edit = (settings: string): Promise<void> =>
    writeFile(join(directory, "mesh.yaml"), config(settings));
  await edit("{ trustDomain: later, trustDomainAliases: [former] }");
  await expect.poll(said).toMatchObject([
    {
      severity: "warning",
      resource: "ConfigMap istio.istio-system",
      position: { line: 7 },
      message: expect.stringMatching(
        /^another trustDomain than former is in force for policies.* started again$/,
      ),
    },
    { message: expect.stringMatching(/^another trustDomainAliases than none is/) },
  ]);
  await edit("trustDomain: later");
  const stranded = /: until then no proxy accepts another, since former, .* trustDomainAliases$/;
  await expect.poll(said).toMatchObject([{ message: expect.stringMatching(stranded) }]);
  await edit("trustDomain: former");
  await expect.poll(said).toEqual([]);
  const one = "started-otherwise";
  expect(told.filter((code) => code.includes(one))).toEqual([
    ...[one, one],
    ...[one, `no more ${one}`, `no more ${one}`],
    `no more ${one}`,
  ]);
});
