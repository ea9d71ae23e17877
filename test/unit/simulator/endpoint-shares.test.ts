import { expect, test } from "vitest";
import { placeShares } from "../../../src/simulator/endpoint-shares.js";

type Places = Parameters<typeof placeShares>[0];

/** A place with endpoints, of which some are not healthy. */
function place(
  region: string,
  { priority = 0, weight = 1, healthy = 1, unhealthy = 0 },
): Places[number] {
  const endpoints = (count: number, healthStatus: "HEALTHY" | "UNHEALTHY") =>
    Array.from({ length: count }, () => ({ healthStatus }));
  return {
    locality: { region, zone: "a" },
    priority,
    loadBalancingWeight: weight,
    lbEndpoints: [...endpoints(healthy, "HEALTHY"), ...endpoints(unhealthy, "UNHEALTHY")],
  };
}

const sharesOf = (places: Places, byPlace = false): Readonly<Record<string, number>> =>
  Object.fromEntries(
    placeShares(places, byPlace).map(({ place: name, share }) => [name, Number(share.toFixed(3))]),
  );

test("places of one priority are called by how many endpoints they have", () => {
  const places = [place("east", { healthy: 3 }), place("west", { weight: 9 })];
  expect(sharesOf(places)).toEqual({ "east/a": 0.75, "west/a": 0.25 });
});

test("places that have weights are called by these", () => {
  const places = [place("east", { healthy: 3, weight: 10 }), place("west", { weight: 90 })];
  expect(sharesOf(places, true)).toEqual({ "east/a": 0.1, "west/a": 0.9 });
});

test("places of the first priority are called alone while they are healthy", () => {
  const places = [place("west", { priority: 1 }), place("east", {})];
  expect(sharesOf(places, true)).toEqual({ "west/a": 0, "east/a": 1 });
});

test("places of the next priority take what those before cannot", () => {
  const places = [
    place("east", { healthy: 1, unhealthy: 1 }),
    place("west", { priority: 1 }),
    place("north", { priority: 2 }),
  ];
  expect(sharesOf(places)).toEqual({ "east/a": 0.7, "west/a": 0.3, "north/a": 0 });
});

test("places take all between them when none of them has enough", () => {
  const places = [
    place("east", { healthy: 1, unhealthy: 3 }),
    place("west", { priority: 1, healthy: 1, unhealthy: 6 }),
  ];
  expect(sharesOf(places)).toEqual({ "east/a": 0.636, "west/a": 0.364 });
});

test("an endpoint takes its part of the calls by its weight, and none when it is not healthy", () => {
  const lbEndpoints = [
    { loadBalancingWeight: 3 },
    { loadBalancingWeight: 1 },
    { loadBalancingWeight: 4, healthStatus: "DRAINING" as const },
  ];
  expect(placeShares([{ lbEndpoints }], false)).toEqual([
    { place: "", priority: 0, share: 1, shares: [0.75, 0.25, 0] },
  ]);
});

test("nothing is called where nothing is healthy", () => {
  expect(sharesOf([place("east", { healthy: 0, unhealthy: 2 })])).toEqual({ "east/a": 0 });
  expect(sharesOf([place("east", { healthy: 0 })], true)).toEqual({ "east/a": 0 });
});
