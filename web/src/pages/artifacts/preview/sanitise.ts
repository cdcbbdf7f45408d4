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

let purifier: typeof DOMPurify | undefined;

/** Another instance than others use: its hooks are its own. */
function own(): typeof DOMPurify {
  if (purifier) return purifier;
  purifier = DOMPurify(window);
  purifier.addHook('afterSanitizeAttributes', (node) => {
    if (node instanceof HTMLImageElement && !/^data:image\/(?:png|jpeg|gif|webp|avif);/i.test(node.getAttribute('src') ?? '')) {
      // Loading it would tell another server who reads this.
      node.replaceWith(document.createTextNode(node.alt === '' ? '🖼' : `🖼 ${node.alt}`));
    }
    if (!(node instanceof HTMLAnchorElement)) return;
    if (!/^(?:https?:|mailto:)/i.test(node.getAttribute('href') ?? '')) node.removeAttribute('href');
    node.target = '_blank';
    node.rel = 'noopener noreferrer nofollow';
  });
  return purifier;
}

/** HTML of strangers as elements that run nothing and load nothing. */
export function ofHtml(html: string): DocumentFragment {
  return own().sanitize(html, CONFIG);
}

/** Markdown of strangers as elements that run nothing and load nothing; front matter is left out. */
export function ofMarkdown(text: string): DocumentFragment {
  return ofHtml(marked.parse(text.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, ''), { async: false }));
}
