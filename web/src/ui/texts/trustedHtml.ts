// The one door for HTML as text: browsers with Trusted Types refuse any other, see app/web/policy.py.

interface Policy {
  readonly createHTML: (html: string) => TrustedHTML;
}

/** What the browser takes as HTML: an object of its own, or a text where it knows no such objects. */
export type TrustedHtml = string | TrustedHTML;

declare global {
  interface Window {
    readonly trustedTypes?: { createPolicy(name: string, rules: { createHTML: (html: string) => string }): Policy };
  }
  interface DOMParser {
    parseFromString(html: TrustedHTML, type: DOMParserSupportedType): Document;
  }
}

let policy: Policy | undefined;

/** HTML that the server has cleaned (app/graphql/types/markdown.py). Never give it what a page put together. */
export function trustedHtml(html: string): TrustedHtml {
  if (window.trustedTypes === undefined) return html;
  policy ??= window.trustedTypes.createPolicy('modelyard-html', { createHTML: (text) => text });
  return policy.createHTML(html);
}
