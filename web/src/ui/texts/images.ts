/** Whether an image comes with the text or from the server of these pages. */
function isOwn(source: string): boolean {
  if (source.startsWith('data:image/') || source.startsWith('blob:')) return true;
  return URL.canParse(source, window.location.href) && new URL(source, window.location.href).origin === window.location.origin;
}

/** Turn images from elsewhere into links to them: the text's reader decides whether to look. */
export function withoutForeignImages(root: Element): void {
  for (const image of root.querySelectorAll('img')) {
    const source = image.getAttribute('src') ?? '';
    if (isOwn(source)) continue;
    const link = root.ownerDocument.createElement('a');
    link.textContent = image.getAttribute('alt') || source;
    link.href = source;
    link.rel = 'nofollow noopener noreferrer';
    // A link within a link is none.
    image.replaceWith(image.closest('a') ? (link.textContent ?? '') : link);
  }
}
