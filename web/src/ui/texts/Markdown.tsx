import { classes } from '../classes';
import { trustedHtml, type TrustedHtml } from './trustedHtml';
import styles from './Markdown.module.css';

export interface MarkdownProps {
  /** HTML made and cleaned by the server, such as `descriptionHtml`; or what `preview` has cleaned. */
  readonly html: string | Exclude<TrustedHtml, string> | null | undefined;
  readonly className?: string | undefined;
}

/** A description, as its writer meant it. */
export function Markdown({ html, className }: MarkdownProps) {
  if (!html) return null;
  const trusted = typeof html === 'string' ? trustedHtml(html) : html;
  return <div className={classes(styles.markdown, className)} dangerouslySetInnerHTML={{ __html: trusted }} />;
}
