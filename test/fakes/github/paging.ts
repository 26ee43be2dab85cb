/** GitHub's pages: 30 items unless told otherwise, at most 100, neighbours in the `link` header. */
export function page(
  items: readonly unknown[],
  url: URL,
): { readonly items: readonly unknown[]; readonly link?: string } {
  const wanted = Number(url.searchParams.get("per_page") ?? 30);
  const size = Math.min(100, wanted >= 1 ? Math.floor(wanted) : 30);
  const number = Math.max(1, Math.floor(Number(url.searchParams.get("page") ?? 1)) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const address = (target: number, rel: string) => {
    const other = new URL(url);
    other.searchParams.set("page", String(target));
    return `<${other.href}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [address(number - 1, "prev")] : []),
    ...(number < last ? [address(number + 1, "next"), address(last, "last")] : []),
    ...(number > 1 ? [address(1, "first")] : []),
  ];
  return {
    items: items.slice((number - 1) * size, number * size),
    ...(links.length > 0 ? { link: links.join(", ") } : {}),
  };
}
