import { useMemo } from 'react';
import { Markdown } from './Markdown';
import { preview } from './preview';

/** What a text in Markdown will look like. */
export function MarkdownPreview({ text }: { readonly text: string }) {
  return <Markdown html={useMemo(() => preview(text), [text])} />;
}
