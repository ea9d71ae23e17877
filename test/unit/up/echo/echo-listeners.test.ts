import { afterEach, expect, test } from "vitest";
import {
  createEchoListeners,
  type EchoApplications,
} from "../../../../src/up/echo/echo-listeners.js";
import type { EchoListener } from "../../../../src/up/echo/echo-server.js";

const PORT = 21080;
const IDENTITY = { pod: "a-0", namespace: "default", serviceAccount: "default" };
const at = (address: string, pod = "a-0"): EchoListener => ({
  address,
  port: PORT,
  identity: { ...IDENTITY, pod },
});

const started: EchoApplications[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((applications) => applications.close()));
});

function start(): EchoApplications {
  const applications = createEchoListeners();
  started.push(applications);
  return applications;
}

async function podAt(address: string): Promise<string> {
  const response = await fetch(`http://${address}:${PORT}/`);
  return ((await response.json()) as { pod: string }).pod;
}

test("opens what is new and closes what is gone", async () => {
  const applications = start();
  await applications.set([at("127.31.200.1"), at("127.31.200.2")]);
  await applications.set([at("127.31.200.2")]);
  expect(await podAt("127.31.200.2")).toBe("a-0");
  await expect(podAt("127.31.200.1")).rejects.toThrow();
});

test("gives a port to another pod", async () => {
  const applications = start();
  await applications.set([at("127.31.200.3", "a-0")]);
  await applications.set([at("127.31.200.3", "b-0")]);
  expect(await podAt("127.31.200.3")).toBe("b-0");
});

test("says which port could not be opened, and tries it again", async () => {
  const other = start();
  await other.set([at("127.31.200.4")]);
  const applications = start();
  const failures = await applications.set([at("127.31.200.4", "b-0")]);
  expect(failures).toEqual([{ listener: at("127.31.200.4", "b-0"), code: "EADDRINUSE" }]);
  await other.close();
  expect(await applications.set([at("127.31.200.4", "b-0")])).toEqual([]);
});

test("makes overlapping calls one after the other", async () => {
  const applications = start();
  await Promise.all([
    applications.set([at("127.31.200.5", "a-0")]),
    applications.set([at("127.31.200.5", "b-0")]),
    applications.set([at("127.31.200.5", "c-0")]),
  ]);
  expect(await podAt("127.31.200.5")).toBe("c-0");
});
