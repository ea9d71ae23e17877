import { expect } from "vitest";
import { Table } from "../../../src/base/table/table.js";
import type { ProxySets } from "../../../src/envoy/resource/resource-set.js";

/** Sets of which a proxy has asked for all: nothing of them is still to be made. */
export function askedFor(sets: ProxySets): ProxySets {
  const { endpoints, listeners, splitRoutes, virtualHosts, names } = sets;
  for (const set of [endpoints, listeners, splitRoutes, virtualHosts, names]) {
    expect(set).toBeInstanceOf(Table);
  }
  return sets;
}
