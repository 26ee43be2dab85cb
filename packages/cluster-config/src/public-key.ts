/** One OpenSSH public key of a type that EC2 imports: RSA or ED25519. */
export function isPublicKey(text: string): boolean {
  return /^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+={0,3}( [^\n\r]*)?$/.test(text);
}
