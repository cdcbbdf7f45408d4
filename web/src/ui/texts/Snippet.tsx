import { Tabs } from '@base-ui/react/tabs';
import { useState } from 'react';
import { CopyButton } from '../actions/CopyButton';
import styles from './Snippet.module.css';

export interface SnippetTab {
  /** Such as MLflow, GraphQL, CLI, Hugging Face. */
  readonly label: string;
  readonly language?: string | undefined;
  readonly text: string;
}

export interface SnippetProps {
  readonly tabs: readonly SnippetTab[];
  readonly title?: string | undefined;
}

/** The same done with different tools, to copy. */
export function Snippet({ tabs, title }: SnippetProps) {
  const first = tabs[0];
  const [label, setLabel] = useState(first?.label);
  const shown = tabs.find((tab) => tab.label === label) ?? first;
  if (shown === undefined) return null;
  return (
    <Tabs.Root className={styles.snippet} value={shown.label} onValueChange={(next: string) => setLabel(next)}>
      <div className={styles.head}>
        {title !== undefined && <span className={styles.title}>{title}</span>}
        <Tabs.List className={styles.list} activateOnFocus>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab.label} value={tab.label} className={styles.tab}>
              {tab.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {/* Here it covers no line of the text. */}
        <CopyButton text={shown.text} className={styles.copy} />
      </div>
      {tabs.map((tab) => (
        <Tabs.Panel key={tab.label} value={tab.label} tabIndex={-1}>
          {/* Scrolled by keyboard, too. */}
          <pre className={styles.text} tabIndex={0} role="region" aria-label={tab.label}>
            <code data-language={tab.language}>{tab.text}</code>
          </pre>
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}
