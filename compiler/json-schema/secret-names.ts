/** Whether a name suggests a secret. `maxTokens` and `pageToken` do not. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z\d]+/g, "_");
  return /(^|_)(password|passwd|passphrase|secret|credentials?|authorization|jwt|apikey|(api|private|secret|access)_key|(access|auth|bearer|refresh|id|session|api)_token)(_|$)|^token$/.test(
    words,
  );
}
