import { expect, test } from "vitest";
import type { HTTPRedirect } from "../../../src/config/kinds/networking/virtual-service/http-redirect.js";
import { type RedirectContext, redirectAction } from "../../../src/envoy/route/redirect.js";

const OWN_PORT: RedirectContext = { listenPort: 80, encrypted: false };
const OTHER_PORT: RedirectContext = { listenPort: 8090, encrypted: false };
const OTHER_TLS_PORT: RedirectContext = { listenPort: 8443, encrypted: true };

const BY_PROTOCOL = { derivePort: "FROM_PROTOCOL_DEFAULT" } as const;
const BY_REQUEST = { derivePort: "FROM_REQUEST_PORT" } as const;

test.each<[HTTPRedirect, RedirectContext, number | undefined]>([
  [{ uri: "/a" }, OTHER_PORT, undefined],
  [{ port: 8083 }, OWN_PORT, 8083],
  [{ port: 80 }, OWN_PORT, undefined],
  [{ scheme: "https", port: 443 }, OWN_PORT, undefined],
  [{ scheme: "https", ...BY_PROTOCOL }, OWN_PORT, undefined],
  [BY_REQUEST, OWN_PORT, undefined],
  [{ port: 80 }, OTHER_PORT, 80],
  [{ scheme: "https", port: 443 }, OTHER_PORT, 443],
  [{ scheme: "https", ...BY_PROTOCOL }, OTHER_PORT, 443],
  [{ scheme: "http", ...BY_PROTOCOL }, OTHER_TLS_PORT, 80],
  [{ scheme: "https", authority: "a.example", ...BY_PROTOCOL }, OTHER_PORT, undefined],
  [{ authority: "a.example", ...BY_REQUEST }, OTHER_PORT, 8090],
])("the redirect %o of requests at %o names port %s", (redirect, context, port) => {
  expect(redirectAction(redirect, context, {}).portRedirect).toBe(port);
});
