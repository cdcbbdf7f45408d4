// Loaded when a preview is first looked at.
import DOMPurify from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({ gfm: true, breaks: false });

/** What the server's cleaning leaves (app/graphql/types/markdown.py), so that the preview promises nothing more. */
const TAGS = [
  'p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'code', 'em', 'strong', 's', 'del',
  'ul', 'ol', 'li', 'a', 'img', 'table', 'thead', 'tbody', 'tr', 'th', 'td',
];
const ATTRIBUTES = ['href', 'title', 'src', 'alt', 'start'];
const ADDRESSES = /^(?:https?:|mailto:|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i;

/** Front matter stands before the text and is shown apart. */
const FRONT_MATTER = /^---\r?\n[\s\S]*?\r?\n---\r?\n/;

/** Markdown as HTML that is safe to show; what the server will make of it may differ in detail. */
export function preview(text: string): TrustedHTML {
  const html = marked.parse(text.replace(FRONT_MATTER, ''), { async: false });
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: ADDRESSES,
    RETURN_TRUSTED_TYPE: true,
  });
}
