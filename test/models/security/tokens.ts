/** Rules for tokens of two issuers, and tokens: good ones, and such as nobody should take. */
import { createIssuer } from "../../mesh/harness/tokens.js";
import type { Vocabulary } from "./vocabulary.js";

/** When the tokens are looked at, in seconds since 1970. */
export const NOW = Date.now() / 1000;

const url = createIssuer("https://a.example");
const plain = createIssuer("issuer-b");
const stranger = createIssuer("stranger");
const forger = createIssuer("issuer-b");

/** See the top of this file. */
export const TOKEN_WORDS: Pick<Vocabulary, "jwtRules" | "tokens" | "issuers"> = {
  jwtRules: [
    { issuer: url.name, jwks: url.jwks, forwardOriginalToken: true },
    { issuer: plain.name, jwks: plain.jwks },
    { issuer: plain.name, jwks: plain.jwks, audiences: ["shop", "more"] },
    { issuer: url.name, jwks: url.jwks, fromHeaders: [{ name: "X-Token" }] },
    { issuer: plain.name, jwks: plain.jwks, fromCookies: ["session"], fromParams: ["token"] },
    {
      issuer: plain.name,
      jwks: plain.jwks,
      fromHeaders: [{ name: "x-token", prefix: "Token " }, { name: "x-other" }],
    },
  ],
  tokens: [
    url.issue({ sub: "ann", groups: ["admins", "dev"], aud: "shop", scope: "read write" }),
    url.issue({ sub: "users/bob", groups: "admins", realm: { roles: ["writer"] }, azp: "app" }),
    url.issue({ sub: undefined, level: 5, note: "" }),
    plain.issue({ sub: "ann", aud: ["other", "shop"], groups: [], realm: { roles: "writer" } }),
    plain.issue({ sub: "users/bob", scope: "read" }),
    plain.issue({ exp: NOW - 3600 }),
    forger.issue({ sub: "ann" }),
    stranger.issue(),
    "nonsense",
  ],
  issuers: [url.name, plain.name],
};
