/** An issuer of JSON Web Tokens, for tests. */
import {
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";

/** See the top of this file. */
export interface MadeIssuer {
  /** Its JSON Web Key Set, as text. */
  readonly jwks: string;
  /** A token with these claims; good for a minute unless they say otherwise. What is said in its header is beside the algorithm. */
  readonly sign: (
    claims?: JWTPayload,
    header?: Omit<JWTHeaderParameters, "alg">,
  ) => Promise<string>;
}

export const ISSUER = "https://issuer.example.com";
export const AUDIENCE = "fairlead";
export const PAYMENTS_SUBJECT = "system:serviceaccount:default:payments";
/** Which claims of Nomad's workload identities name a workload, as docs/nomad.md has it. */
export const NOMAD_WORKLOAD = {
  namespace: { claim: "nomad_namespace" },
  serviceAccount: { claim: "nomad_job_id" },
  where: { nomad_task: ["proxy"] },
};
/** What Nomad says of the task `proxy` of the job `payments`, beside issuer, audience and times. */
export const NOMAD_CLAIMS = {
  nomad_namespace: "default",
  nomad_job_id: "payments",
  nomad_allocation_id: "5f1e0c9a-2b7d-4a58-9c36-81d0f2ab64e7",
  nomad_task: "proxy",
  sub: "global:default:payments:payments:proxy:fairlead",
  jti: "0b6c2f34-98d1-4c07-a5e2-7730c41be91d",
};
const ALGORITHM = "ES256";

/** An issuer with a key of its own. */
export async function makeIssuer(keyId = "one"): Promise<MadeIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: keyId, alg: ALGORITHM };
  return {
    jwks: JSON.stringify({ keys: [key] }),
    sign: (claims = {}, header = { kid: keyId }) => {
      const exp = Math.floor(Date.now() / 1000) + 60;
      const standard = { iss: ISSUER, aud: AUDIENCE, sub: PAYMENTS_SUBJECT, exp };
      return new SignJWT({ ...standard, ...claims })
        .setProtectedHeader({ ...header, alg: ALGORITHM })
        .sign(privateKey);
    },
  };
}
