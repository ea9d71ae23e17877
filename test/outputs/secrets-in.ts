/** What private keys and tokens look like, wherever they stand. */

/** Kinds of secrets, and what only they look like. */
const MARKS: Readonly<Record<string, RegExp>> = {
  // Also in JSON, where a line ends with two characters.
  "private key in PEM": /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\[nr]|\s)*[A-Za-z0-9+/]{16}/g,
  // Where it begins among the bytes that are encoded decides how it looks.
  "private key in PEM in base64":
    /UFJJVkFURSBLRVktLS0tL|BSSVZBVEUgS0VZLS0tLS|QUklWQVRFIEtFWS0tLS0t/g,
  // How PKCS #8 begins for P-256, and for RSA behind the key's length.
  "private key in PKCS #8":
    /MIGHAgEAMBMGByqGSM49AgEG|MII[A-Za-z0-9+/]{3}IBADANBgkqhkiG9w0BAQEFAASC/g,
  "private key in a JWK": /\\?"d\\?":\s*\\?"[A-Za-z0-9_-]{40,}\\?"/g,
  "join token": /fairlead-[a-z2-7]{10}-[a-z2-7]{32}/g,
  "JSON Web Token": /eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}/g,
};

/** A secret in a text; what it is is not said again. */
export interface FoundSecret {
  readonly kind: string;
  /** Where it begins. */
  readonly offset: number;
}

/** The private keys and tokens in a text, by kind. */
export function secretsIn(text: string): readonly FoundSecret[] {
  return Object.entries(MARKS).flatMap(([kind, mark]) =>
    [...text.matchAll(mark)].map(({ index }) => ({ kind, offset: index })),
  );
}
