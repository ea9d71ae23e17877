import { expect, test } from "vitest";
import { createDirectory, linesOf } from "../directory.js";

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  ingressClassName: ours
`;

const CLASS = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ours }
spec: { controller: istio.io/ingress-controller }
`;

test("an Ingress of a class that is not there is told of, until the class comes", () => {
  const directory = createDirectory();
  const before = directory.write({ "shop.yaml": INGRESS });
  expect(linesOf(before)).toEqual(["mesh/shop.yaml:5:21 warning IST0101 Ingress shop.default"]);
  expect(before.diagnostics[0]?.message).toContain('there is no IngressClass "ours"');
  const annotated = INGRESS.replace(
    "shop }",
    "shop, annotations: { kubernetes.io/ingress.class: istio } }",
  );
  expect(linesOf(directory.write({ "shop.yaml": annotated }))).toEqual([]);
  directory.write({ "shop.yaml": INGRESS });
  expect(linesOf(directory.write({ "class.yaml": CLASS }))).toEqual([]);
});
