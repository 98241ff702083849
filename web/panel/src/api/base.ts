/** Where the service is that served this page: a proxy may show it below any path. */

/** The path that the service's own addresses are below, without a trailing slash: "/scanner" for the console at
 * "/scanner/panel" or "/scanner/panel/", "" for one at "/panel" (and for `npm run dev`, which serves it at "/"). */
export function basePath(pathname: string): string {
  const end = pathname.lastIndexOf('/panel');
  return end < 0 ? '' : pathname.slice(0, end);
}

/** The base for relative addresses of the service: its root, with the slash. */
export function serviceRoot(page: { readonly origin: string; readonly pathname: string }): URL {
  return new URL(`${basePath(page.pathname)}/`, page.origin);
}
