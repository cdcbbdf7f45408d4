// Loaded when somebody first looks at a preview.
import DOMPurify from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({ gfm: true, breaks: false });

/** As the server's cleaning (app/graphql/types/markdown.py): no forms, frames, styles; images from these pages alone. */
const RULES = {
  RETURN_TRUSTED_TYPE: true,
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'button', 'textarea', 'select', 'iframe', 'object', 'embed', 'video', 'audio', 'link', 'meta', 'base'],
  FORBID_ATTR: ['style', 'srcset', 'id', 'name', 'class'],
} as const;

DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'A' && node.hasAttribute('href')) {
    node.setAttribute('rel', 'noopener noreferrer nofollow');
    node.setAttribute('target', '_blank');
  }
  if (node.nodeName !== 'IMG') return;
  const source = node.getAttribute('src') ?? '';
  const isHere = source.startsWith('data:image/') || new URL(source, window.location.href).origin === window.location.origin;
  if (!isHere) node.replaceWith(node.ownerDocument.createTextNode(node.getAttribute('alt') ?? ''));
});

/** Markdown as HTML that is safe to show; what the server will make of it may differ in detail. */
export function preview(text: string) {
  const html = marked.parse(text.replace(/^---\n[\s\S]*?\n---\n/, ''), { async: false });
  return DOMPurify.sanitize(html, { ...RULES, FORBID_TAGS: [...RULES.FORBID_TAGS], FORBID_ATTR: [...RULES.FORBID_ATTR] });
}
