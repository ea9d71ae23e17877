import { describe, expect, it } from "vitest";
import { parseAllowedHost } from "../../../src/net/allowed-host.js";
import type { FetchedModule, ModuleSource } from "../../../src/wasm/fetch-module.js";
import { ModuleError } from "../../../src/wasm/module-error.js";
import {
  createModuleKeeping,
  type ModuleKeeping,
  type WantedModule,
} from "../../../src/wasm/module-keeping.js";
import { type FakeClock, fakeClock } from "../base/fake-clock.js";

const SECOND = 1000;
const URL = "https://files.example.com/a.wasm";

const code = (name: string, length = 1): FetchedModule => ({
  sha256: name,
  code: new Uint8Array(length),
});

interface Kept {
  readonly keeping: ModuleKeeping;
  readonly clock: FakeClock;
  /** The URLs that were fetched, and with what. */
  readonly asked: readonly ModuleSource[];
  readonly changes: () => number;
  /** What is there from now on: a module, or an error. */
  answer: (source: ModuleSource) => FetchedModule | Promise<FetchedModule>;
}

function keep(known: Readonly<Record<string, FetchedModule>> = {}): Kept {
  const clock = fakeClock();
  const asked: ModuleSource[] = [];
  let changes = 0;
  const keeping = createModuleKeeping({
    hosts: [parseAllowedHost("files.example.com") ?? { name: "", port: 0 }],
    known: new Map(Object.entries(known)),
    fetch: async (source) => {
      asked.push(source);
      return one.answer(source);
    },
    onChange: () => {
      changes += 1;
    },
    onFetched: () => undefined,
    clock,
  });
  const one: Kept = { keeping, clock, asked, changes: () => changes, answer: () => code("one") };
  return one;
}

const wanted = (
  modules: Readonly<Record<string, Partial<ModuleSource>>>,
): ReadonlyMap<string, WantedModule> =>
  new Map(Object.entries(modules).map(([key, one]) => [key, { url: URL, sha256: "", ...one }]));

/** Lets what is under way come to rest, and turns the clock on. */
async function pass({ clock }: Kept, ms = 0): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  await clock.turnTo(clock.now() + ms);
}

const away = (): never => {
  throw new ModuleError("it is away");
};

describe("a module", () => {
  it("is fetched once when it is wanted", async () => {
    const one = keep();
    one.keeping.want(wanted({ a: {} }));
    expect(one.keeping.known().get("a")).toEqual({});
    await pass(one, 3600 * SECOND);
    one.keeping.want(wanted({ a: {} }));
    await pass(one);
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("one") });
    expect([one.asked.length, one.changes()]).toEqual([1, 1]);
  });

  it("is not fetched of a host that nobody allowed, and it is said how to", async () => {
    const one = keep({ a: code("before") });
    one.keeping.want(wanted({ a: { url: "oci://other.example.com:5000/a" } }));
    await pass(one, 3600 * SECOND);
    expect(one.asked).toEqual([]);
    expect(one.keeping.known().get("a")).toEqual({
      problem:
        "nobody allowed to fetch from there: start with --fetch-modules other.example.com:5000",
    });
  });

  it("is not fetched by http where https is allowed", async () => {
    const one = keep();
    one.keeping.want(wanted({ a: { url: "http://files.example.com/a.wasm" } }));
    await pass(one);
    expect(one.asked).toEqual([]);
    expect(one.keeping.known().get("a")?.problem).toContain("--fetch-modules files.example.com:80");
  });

  it.each(["oci://files.example.com/A", `${URL}?${"a".repeat(2048)}`, "https://"])(
    "is not fetched of %.40s",
    async (url) => {
      const one = keep();
      one.keeping.want(wanted({ a: { url } }));
      await pass(one);
      expect(one.asked).toEqual([]);
      expect(one.keeping.known().get("a")?.problem).toBe(
        "its URL is none that a module can be fetched from",
      );
    },
  );

  it("is fetched again after a failure, each time twice as late, five minutes at most", async () => {
    const one = keep();
    one.answer = away;
    one.keeping.want(wanted({ a: {} }));
    await pass(one);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const [due = 0] = one.clock.due();
      waits.push((due - one.clock.now()) / SECOND);
      await one.clock.turnTo(due);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(one.keeping.known().get("a")).toEqual({ problem: "it is away" });
    expect(one.changes()).toBe(1);
    one.answer = () => code("one");
    await pass(one, 300 * SECOND);
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("one") });
    expect(one.clock.due()).toEqual([]);
  });

  it("is not fetched again when that would come to the same", async () => {
    const one = keep();
    one.answer = () => {
      throw new ModuleError("no", { isFinal: true });
    };
    one.keeping.want(wanted({ a: {} }));
    await pass(one, 3600 * SECOND);
    expect(one.asked).toHaveLength(1);
  });

  it("that was there before is fetched only anew, and stays when that fails", async () => {
    const one = keep({ a: code("before") });
    one.keeping.want(wanted({ a: {} }));
    await pass(one, 3600 * SECOND);
    expect(one.asked).toEqual([]);
    one.answer = away;
    one.keeping.want(wanted({ a: {} }), new Set(["a"]));
    await pass(one);
    expect(one.keeping.known().get("a")).toEqual({
      fetched: code("before"),
      problem: "it is away",
    });
    one.answer = () => code("after");
    await pass(one, 5 * SECOND);
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("after") });
  });

  it("that is the same anew is the same object, and no change", async () => {
    const before = code("one");
    const one = keep({ a: before });
    one.keeping.want(wanted({ a: {} }));
    one.keeping.want(wanted({ a: {} }), new Set(["a"]));
    await pass(one);
    expect(one.asked).toHaveLength(1);
    expect(one.keeping.known().get("a")?.fetched).toBe(before);
    expect(one.changes()).toBe(0);
  });

  it("that could not be had is fetched at once with other credentials", async () => {
    const one = keep();
    one.answer = ({ credentials }) => (credentials === "new" ? code("one") : away());
    one.keeping.want(wanted({ a: { credentials: "old" } }));
    await pass(one);
    one.keeping.want(wanted({ a: { credentials: "old" } }));
    await pass(one);
    expect(one.asked).toHaveLength(1);
    one.keeping.want(wanted({ a: { credentials: "new" } }));
    await pass(one);
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("one") });
    expect(one.clock.due()).toEqual([]);
  });

  it("stays when it cannot even be asked for any more", async () => {
    const one = keep({ a: code("before") });
    const problem = "it has no Secret";
    one.keeping.want(new Map([["a", { url: URL, problem }]]));
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("before"), problem });
    one.keeping.want(wanted({ a: { credentials: "some" } }));
    await pass(one);
    expect(one.keeping.known().get("a")).toEqual({ fetched: code("one") });
  });

  it("that nobody wants any more is forgotten, whatever comes of it", async () => {
    const one = keep();
    one.answer = away;
    one.keeping.want(wanted({ a: {}, b: {} }));
    await pass(one);
    one.answer = () => code("one");
    one.keeping.want(wanted({ b: {} }), new Set(["b"]));
    one.keeping.want(wanted({}));
    await pass(one, 3600 * SECOND);
    expect(one.keeping.known().size).toBe(0);
    expect(one.changes()).toBe(2);
  });
});

describe("of many modules", () => {
  const many = (count: number) =>
    wanted(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${String(i)}`, {}])));

  it("two are fetched at a time", async () => {
    const one = keep();
    const waiting: (() => void)[] = [];
    one.answer = () =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve(code("one"));
        });
      });
    one.keeping.want(many(3));
    await pass(one);
    expect(one.asked).toHaveLength(2);
    waiting[0]?.();
    await pass(one);
    expect(one.asked).toHaveLength(3);
  });

  it("a hundred are fetched and no more", async () => {
    const one = keep();
    one.keeping.want(many(101));
    await expect.poll(() => one.asked.length).toBeGreaterThanOrEqual(100);
    await pass(one);
    expect(one.asked).toHaveLength(100);
    expect(one.keeping.known().get("m100")).toEqual({
      problem: "no more than 100 modules are fetched",
    });
  });

  it("so many are kept as have 256 MiB, the same code counting once", async () => {
    const one = keep();
    const half = 128 * 1024 * 1024;
    const names: Readonly<Record<string, string>> = { a: "x", b: "x", c: "y", d: "z" };
    one.answer = ({ sha256 }) => code(names[sha256] ?? "", sha256 === "d" ? 1 : half);
    one.keeping.want(
      wanted({ a: { sha256: "a" }, b: { sha256: "b" }, c: { sha256: "c" }, d: { sha256: "d" } }),
    );
    await pass(one);
    const known = one.keeping.known();
    expect(known.get("a")?.fetched === known.get("b")?.fetched).toBe(true);
    expect(known.get("c")?.fetched?.sha256).toBe("y");
    expect(known.get("d")?.problem).toContain("268435456 bytes");
    one.keeping.close();
  });
});
