/** Hosts of a test's own: network namespaces on one bridge. They need root and iproute2. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { noteOutput } from "../../outputs/note-output.js";

const run = promisify(execFile);

/** A network of hosts; its hub has the bridge, and an address on it. */
export interface TestNetwork {
  readonly hub: TestHost;
  /** A host on the bridge, which knows no name but its own. It asks the hub for others, where nobody answers. */
  addHost(name: string): Promise<TestHost>;
}

/** A host of the network. */
export interface TestHost {
  readonly address: string;
  /** The words that run a command there: `ip netns exec NAME`. */
  readonly enter: readonly [string, ...string[]];
  /** Runs a command to its end; resolves with what it printed. Rejects when it fails. */
  exec(command: string, args: readonly string[]): Promise<string>;
  /** Starts a command that runs until the test is over; its words go to the file. */
  start(command: string, args: readonly string[], options?: StartOptions): TestProcess;
}

/** Options of a command that goes on. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** A command that goes on. */
export interface TestProcess {
  /** All that it wrote so far. */
  output(): string;
  /** Resolves when it has written something that matches. */
  wrote(pattern: RegExp): Promise<void>;
  /** Ends it without a word; resolves when it is gone. */
  kill(): Promise<void>;
}

/** How the addresses of a network begin, and how many of their bits it has. */
interface Addresses {
  readonly prefix: string;
  readonly length: number;
  /** What `ip` has to know to speak of them. */
  readonly options: readonly string[];
}

/** The family of the addresses of a network; it has no others. */
export type Family = "ipv4" | "ipv6";

const ADDRESSES: Readonly<Record<Family, Addresses>> = {
  ipv4: { prefix: "10.213.77.", length: 24, options: [] },
  // Nobody else has them: nothing has to be waited for.
  ipv6: { prefix: "fd00:213:77::", length: 64, options: ["nodad"] },
};

/** The address of the hub of a network with IPv4. */
export const HUB_ADDRESS = `${ADDRESSES.ipv4.prefix}1`;
const ETC = "/etc/netns";

/** Why such a network cannot be made here; undefined when it can. */
export async function namespacesMissing(...others: readonly string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "it needs root for network namespaces";
  for (const tool of ["ip", "iptables", "setpriv", "curl", ...others]) {
    const found = await run("sh", ["-c", 'command -v "$0"', tool]).catch(() => undefined);
    if (found === undefined) return `it needs ${tool}`;
  }
  return undefined;
}

function startProcess(
  enter: readonly [string, ...string[]],
  command: readonly string[],
  env: StartOptions["env"],
): TestProcess {
  const [program, ...first] = enter;
  const child = spawn(program, [...first, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  const waiting = new Set<{ readonly pattern: RegExp; readonly resolve: () => void }>();
  const take = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
    for (const one of waiting) {
      if (!one.pattern.test(output)) continue;
      waiting.delete(one);
      one.resolve();
    }
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    noteOutput(command.slice(0, 3).join(" "), output);
  });
  return {
    output: () => output,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    wrote: (pattern) => {
      if (pattern.test(output)) return Promise.resolve();
      return Promise.race([
        new Promise<void>((resolve) => waiting.add({ pattern, resolve })),
        exited.then(() => {
          throw new Error(`${command.join(" ")} ended: ${output.slice(-2000)}`);
        }),
      ]);
    },
  };
}

function testHost(name: string, address: string): TestHost {
  const enter = ["ip", "netns", "exec", name] as const;
  return {
    address,
    enter: [...enter],
    exec: async (command, args) => {
      const [program, ...first] = enter;
      const { stdout } = await run(program, [...first, command, ...args], { timeout: 30_000 });
      return stdout;
    },
    start: (command, args, options = {}) =>
      startProcess([...enter], [command, ...args], options.env),
  };
}

async function addNamespace(name: string): Promise<void> {
  await mkdir(join(ETC, name), { recursive: true });
  onTestFinished(() => rm(join(ETC, name), { recursive: true, force: true }));
  await writeFile(join(ETC, name, "hosts"), "127.0.0.1 localhost\n");
  await writeFile(join(ETC, name, "resolv.conf"), `nameserver ${HUB_ADDRESS}\n`);
  await run("ip", ["netns", "add", name]);
  onTestFinished(async () => {
    await run("ip", ["netns", "delete", name]);
  });
  await run("ip", ["-n", name, "link", "set", "lo", "up"]);
}

/** Makes a network; it is gone when the test is over. */
export async function startNetwork(family: Family = "ipv4"): Promise<TestNetwork> {
  const { prefix: network, length, options } = ADDRESSES[family];
  const addAddress = (name: string, address: string, device: string) =>
    run("ip", [
      ...["-n", name, "address", "add", `${address}/${String(length)}`],
      ...["dev", device, ...options],
    ]);
  const prefix = `fl${String(process.pid)}`;
  const hubName = `${prefix}hub`;
  await addNamespace(hubName);
  const gateway = `${network}1`;
  await run("ip", ["-n", hubName, "link", "add", "br0", "type", "bridge"]);
  await addAddress(hubName, gateway, "br0");
  await run("ip", ["-n", hubName, "link", "set", "br0", "up"]);
  let count = 1;
  return {
    hub: testHost(hubName, gateway),
    addHost: async (name) => {
      count += 1;
      const address = `${network}${String(count)}`;
      const own = `${prefix}${name}`;
      const port = `p${String(count)}`;
      await addNamespace(own);
      await run("ip", [
        ...["-n", hubName, "link", "add", port, "type", "veth"],
        ...["peer", "name", "eth0", "netns", own],
      ]);
      await run("ip", ["-n", hubName, "link", "set", port, "master", "br0", "up"]);
      await addAddress(own, address, "eth0");
      await run("ip", ["-n", own, "link", "set", "eth0", "up"]);
      // Virtual addresses are captured before they leave, but have to have somewhere to go.
      await run("ip", ["-n", own, "route", "add", "default", "via", gateway]);
      return testHost(own, address);
    },
  };
}
