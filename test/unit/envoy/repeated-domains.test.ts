/** Domains that several virtual hosts have: who keeps them, and that an edit finds what a new look would. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { Table } from "../../../src/base/table/table.js";
import {
  createDomainIndex,
  createDomainLosses,
} from "../../../src/envoy/outbound/repeated-domains.js";
import type { HostResource } from "../../../src/envoy/outbound/virtual-hosts.js";
import { encodeVirtualHost } from "../../../src/envoy/route/route-configuration.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

/** The virtual host of a name with these domains. */
function host(name: string, ...domains: readonly string[]): HostResource {
  const built = { name, json: { name, domains: [...domains] }, sources: [] };
  return { ...encodeVirtualHost(encoder, "80", built), domains };
}

const tableOf = (...hosts: readonly HostResource[]): Table<HostResource> =>
  Table.from(hosts.map((one) => [one.name, one] as const));

/** What the hosts keep: by name, their domains. */
function losses(hosts: Table<HostResource>): Readonly<Record<string, readonly string[]>> {
  const engine = new Engine();
  const found = createDomainLosses(engine, encoder)(createDomainIndex<HostResource>(engine)(hosts));
  return textOf(found);
}

const textOf = ({
  stripped,
  dropped,
}: ReturnType<ReturnType<typeof createDomainLosses>>): Readonly<
  Record<string, readonly string[]>
> =>
  Object.fromEntries([
    ...stripped.sorted().map(([name, one]) => [name, one.domains] as const),
    ...dropped.map((name) => [name, []] as const),
  ]);

test("hosts without a domain in common keep all of theirs", () => {
  expect(losses(tableOf(host("a", "a", "x"), host("b", "b", "y")))).toEqual({});
});

test("the first by name keeps what two call themselves beside their own names", () => {
  expect(losses(tableOf(host("a", "a", "x"), host("b", "b", "x", "y")))).toEqual({
    "80/b": ["b", "y"],
  });
});

test("a host keeps its own name, whoever else calls itself so, and in whatever case", () => {
  expect(losses(tableOf(host("a", "a", "B"), host("b", "b")))).toEqual({ "80/a": ["a"] });
});

test("a host that loses all its domains is dropped", () => {
  expect(losses(tableOf(host("a", "same"), host("b", "same")))).toEqual({ "80/b": [] });
});

test("what is stripped is encoded with what it keeps", () => {
  const engine = new Engine();
  const index = createDomainIndex<HostResource>(engine)(
    tableOf(host("a", "a", "x"), host("b", "b", "x")),
  );
  const { stripped } = createDomainLosses(engine, encoder)(index);
  expect(stripped.get("80/b")).toMatchObject({
    bytes: host("b", "b").bytes,
    exclusive: ["80/b"],
    domains: ["b"],
  });
});

const edit = fc.record({
  name: fc.constantFrom("a", "b", "c", "d"),
  domains: fc.option(fc.subarray(["a", "b", "c", "x", "X", "y"]), { nil: undefined }),
});

test("after any edits, and from the index of other hosts, the losses are those of a new look", () => {
  fc.assert(
    fc.property(fc.array(edit), fc.array(edit), (others, edits) => {
      const edited = (table: Table<HostResource>, { name, domains }: (typeof edits)[number]) =>
        domains === undefined
          ? table.without(`80/${name}`)
          : table.with(`80/${name}`, host(name, name, ...domains));
      const first = others.reduce(edited, Table.empty<HostResource>());
      const engine = new Engine();
      const index = createDomainIndex<HostResource>(engine);
      const find = createDomainLosses(engine, encoder);
      const from = { table: first, result: createDomainIndex<HostResource>(new Engine())(first) };
      let table = first;
      for (const one of edits) {
        table = edited(table, one);
        expect(textOf(find(index(table, from)))).toEqual(losses(table));
      }
    }),
    { numRuns: 200 },
  );
});
