/**
 * Which values are not for anybody's eyes, told by the names that they have. Between what prints values and the people who read
 * it. A secret under an innocent name is not found: who prints values sees what the actor sees.
 */

const secretName =
  /secret|token|passw|passphrase|pwd|credential|private|(api|access|encryption|signing|data|master|vault)[-_]?key|authorization|cookie|session[-_]?id|bearer|(^|[-_])pem$|community/i;
const keyText = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export const redacted = '<redacted>';

/** `apiToken`, `db_password`, `Authorization` ... */
export function isSecretName(name: string): boolean {
  return secretName.test(name.slice(0, 256));
}

/** A text that is a private key, whatever it is called. */
export function isSecretText(text: string): boolean {
  return keyText.test(text.slice(0, 128));
}
