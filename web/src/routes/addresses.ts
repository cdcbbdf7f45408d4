// Addresses that people see and addresses that the router matches. A project's path has several segments, of which no
// route could say how many: within the router it is one, `/p/team%2Fvision/models`, and in the browser
// `/team/vision/-/models`. No name can be `-` (docs/web.md).
const SEPARATOR = '/-/';

/** Within the router: the address as it is matched. */
export function inward(pathname: string): string {
  if (pathname === '/' || pathname.startsWith(SEPARATOR)) return pathname;
  const trimmed = pathname.replace(/\/+$/, '');
  const at = trimmed.indexOf(SEPARATOR);
  if (at < 0) return `/n/${packed(trimmed.endsWith('/-') ? trimmed.slice(0, -2) : trimmed)}`;
  return `/p/${packed(trimmed.slice(0, at))}/${trimmed.slice(at + SEPARATOR.length)}`;
}

/** In the browser: the address as it is shown. */
export function outward(pathname: string): string {
  const [, kind, path, ...rest] = pathname.split('/');
  if (path === undefined || (kind !== 'n' && kind !== 'p')) return pathname;
  const shown = `/${path.replaceAll(/%2F/gi, '/')}`;
  return kind === 'n' || rest.length === 0 ? shown : `${shown}${SEPARATOR}${rest.join('/')}`;
}

function packed(path: string): string {
  return path.slice(1).replaceAll('/', '%2F');
}
