import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { faultOf } from "../../../src/agent/identity.js";
import {
  type IdentityDirectory,
  openIdentityDirectory,
} from "../../../src/agent/identity-directory.js";
import { buildRootsFile } from "../../../src/envoy/bootstrap/join-credential.js";
import { temporaryDirectory } from "../ca/temporary-directory.js";
import { fakeAuthority, PAYMENTS } from "./fake-authority.js";

const authority = await fakeAuthority();
const next = await fakeAuthority("next");
const ROOT = authority.root.pem;
const BOTH = ROOT + next.root.pem;

const newPath = async (): Promise<string> => join(await temporaryDirectory(), "identity");

async function open(path: string): Promise<IdentityDirectory> {
  const directory = await openIdentityDirectory(path);
  onTestFinished(() => directory.release());
  return directory;
}

test("what is kept is there for the next agent, and for nobody but its user", async () => {
  const path = await newPath();
  const identity = await authority.issue();
  const first = await openIdentityDirectory(path);
  await first.roots(ROOT);
  await first.keep(identity, BOTH);
  await first.release();
  const second = await open(path);
  const kept = await second.identity();
  expect(kept).toMatchObject({ chain: identity.chain, notAfter: identity.notAfter });
  expect(kept?.privateKey.reveal()).toBe(identity.privateKey.reveal());
  expect(await second.roots(undefined)).toBe(BOTH);
  const modes = await Promise.all(
    (await readdir(path)).map(async (name) => (await stat(join(path, name))).mode & 0o777),
  );
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test("a directory has nothing at first", async () => {
  const directory = await open(await newPath());
  expect(await directory.identity()).toBeUndefined();
  expect(await directory.roots(undefined)).toBeUndefined();
});

describe("the roots that are trusted", () => {
  test("are those that came with the last certificate, and not those that were given before", async () => {
    const directory = await open(await newPath());
    expect(await directory.roots(ROOT)).toBe(ROOT);
    await directory.keep(await next.issue(), next.root.pem);
    expect(await directory.roots(ROOT)).toBe(next.root.pem);
    expect(await directory.roots(undefined)).toBe(next.root.pem);
  });

  test("are others when others are given", async () => {
    const directory = await open(await newPath());
    await directory.roots(ROOT);
    expect(await directory.roots(next.root.pem)).toBe(next.root.pem);
    expect(await directory.roots(undefined)).toBe(next.root.pem);
  });

  test("are the given ones also after an agent that ended before it had noted them", async () => {
    const path = await newPath();
    const directory = await open(path);
    await directory.roots(ROOT);
    await writeFile(join(path, "given-roots.pem"), ROOT, { mode: 0o600 });
    expect(await directory.roots(next.root.pem)).toBe(next.root.pem);
  });

  test("are the given ones where those that came last are spoiled", async () => {
    const directory = await open(await newPath());
    await directory.roots(ROOT);
    for (const text of ["{", "{}", JSON.stringify(buildRootsFile("none"))]) {
      await writeFile(directory.files.roots, text, { mode: 0o600 });
      expect(await directory.roots(undefined)).toBeUndefined();
      expect(await directory.roots(ROOT)).toBe(ROOT);
    }
  });

  test("are not taken where others could have written them", async () => {
    const directory = await open(await newPath());
    await directory.roots(ROOT);
    await chmod(directory.files.roots, 0o622);
    await expect(directory.roots(ROOT)).rejects.toThrow("has mode 0622");
  });

  test("are never what is no root", async () => {
    const directory = await open(await newPath());
    await directory.roots(ROOT);
    await expect(directory.roots("none")).rejects.toThrow("no root");
    expect(await directory.roots(undefined)).toBe(ROOT);
  });
});

describe("an agent that ends at any moment", () => {
  test("leaves a key with its own certificate: whoever reads while it writes finds them", async () => {
    const directory = await open(await newPath());
    const identities = await Promise.all(Array.from({ length: 20 }, () => authority.issue()));
    const writing = (async () => {
      for (const identity of identities) await directory.keep(identity, ROOT);
      return "written" as const;
    })();
    const read = new Set<string>();
    const look = async (): Promise<"read"> => {
      // To read it checks that they are of each other.
      read.add((await directory.identity())?.chain ?? "");
      return "read";
    };
    while ((await Promise.race([writing, look()])) === "read");
    expect(read.size).toBeGreaterThan(2);
  });

  test("between roots and certificate leaves one that is still of use", async () => {
    const path = await newPath();
    const directory = await open(path);
    await directory.keep(await authority.issue(), ROOT);
    const before = await readFile(directory.files.certificate, "utf8");
    await directory.keep(await next.issue(), BOTH);
    await writeFile(directory.files.certificate, before);
    const expectation = {
      wanted: PAYMENTS,
      roots: (await directory.roots(undefined))!,
      now: Date.now(),
    };
    expect(faultOf((await directory.identity())!, expectation)).toBeUndefined();
  });

  test("leaves halves of files that the next one removes", async () => {
    const path = await newPath();
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, ".identity.json.0a1b2c.tmp"), "half a ke", { mode: 0o600 });
    const directory = await open(path);
    expect(await readdir(path)).toEqual(["agent.lock"]);
    expect(await directory.identity()).toBeUndefined();
  });
});

describe("is refused", () => {
  test("a directory that others can look into", async () => {
    const path = await newPath();
    await mkdir(path);
    await chmod(path, 0o755);
    await expect(openIdentityDirectory(path)).rejects.toThrow("has mode 0755");
  });

  test("a link in the place of the directory", async () => {
    const path = await newPath();
    await symlink(await temporaryDirectory(), path);
    await expect(openIdentityDirectory(path)).rejects.toThrow("is not a directory");
  });

  test("a key that others can read", async () => {
    const directory = await open(await newPath());
    await directory.keep(await authority.issue(), ROOT);
    await chmod(directory.files.certificate, 0o640);
    await expect(directory.identity()).rejects.toThrow("has mode 0640");
  });

  test("what is no identity, without a word of what is there", async () => {
    const directory = await open(await newPath());
    await writeFile(directory.files.certificate, '"secret', { mode: 0o600 });
    await expect(directory.identity()).rejects.toThrow(/identity\.json: is no JSON$/);
    for (const text of ["{}", "null", '{"resources":[{}]}']) {
      await writeFile(directory.files.certificate, text, { mode: 0o600 });
      await expect(directory.identity()).rejects.toThrow("has no key with its certificate");
    }
  });
});

test("nothing is written through a link: it is replaced", async () => {
  const path = await newPath();
  const directory = await open(path);
  const elsewhere = join(await temporaryDirectory(), "elsewhere");
  await writeFile(elsewhere, "mine");
  await symlink(elsewhere, directory.files.certificate);
  const identity = await authority.issue();
  await directory.keep(identity, ROOT);
  expect(await readFile(elsewhere, "utf8")).toBe("mine");
  expect((await directory.identity())?.chain).toBe(identity.chain);
});

describe("of two agents", () => {
  test("one has the directory, and the other is told who", async () => {
    const path = await newPath();
    await open(path);
    await expect(openIdentityDirectory(path)).rejects.toThrow(
      `another fairlead agent (process ${process.pid}) keeps the identity in ${path}`,
    );
  });

  test("the second has it when the first has let it go", async () => {
    const path = await newPath();
    await (await openIdentityDirectory(path)).release();
    await open(path);
  });

  test.each([
    ["has ended", "2147483000 boot 1"],
    ["had the number of one that runs now", `${process.pid} boot 1`],
    ["left nothing that is a number", "nobody"],
  ])("the second has it when the first %s", async (_what, text) => {
    const path = await newPath();
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, "agent.lock"), text, { mode: 0o600 });
    await open(path);
  });
});
