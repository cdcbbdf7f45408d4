/** An address that a browser may be led to; null for anything but http and https, which comes from other systems. */
export function httpOnly(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  return ['http:', 'https:'].includes(new URL(address).protocol) ? address : null;
}
