import DOMPurify, { type Config } from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({ gfm: true, breaks: false, async: false });

/** What strangers wrote may look like a text, and never like a page: no script, style, form, frame or identifier. */
const CONFIG = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    'audio', 'button', 'dialog', 'form', 'iframe', 'input', 'map', 'area', 'object', 'option', 'select', 'source', 'style',
    'template', 'textarea', 'track', 'video',
  ],
  FORBID_ATTR: ['style', 'class', 'id', 'name', 'srcset', 'background', 'poster', 'action', 'usemap', 'ping'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} as const satisfies Config; // prettier-ignore

/** HTML of strangers as elements that run nothing and load nothing. */
export function ofHtml(html: string): DocumentFragment {
  // No second instance and no hooks: the policy of the pages takes the sanitiser's own one once, and others use it, too.
  const fragment = DOMPurify.sanitize(html, CONFIG);
  // Until it is put into the page nothing of it is loaded.
  for (const image of fragment.querySelectorAll('img')) {
    if (/^data:image\/(?:png|jpeg|gif|webp|avif);/i.test(image.getAttribute('src') ?? '')) continue;
    // Loading it would tell another server who reads this.
    image.replaceWith(`[${image.alt || '…'}]`);
  }
  for (const link of fragment.querySelectorAll('a')) {
    if (!/^(?:https?:|mailto:)/i.test(link.getAttribute('href') ?? '')) link.removeAttribute('href');
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
  }
  return fragment;
}

/** Markdown of strangers as elements that run nothing and load nothing; front matter is left out. */
export function ofMarkdown(text: string): DocumentFragment {
  return ofHtml(marked.parse(text.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, ''), { async: false }));
}
