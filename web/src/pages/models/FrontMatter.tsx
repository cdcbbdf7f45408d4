import { useT } from '../../i18n';
import { Chip, Section } from '../../ui';
import type { FrontMatterEntry } from './front_matter';
import styles from './models.module.css';

/** The front matter of a card as a table. */
export function FrontMatter({ entries }: { readonly entries: readonly FrontMatterEntry[] }) {
  const t = useT();
  return (
    <Section title={t('models.front_matter')}>
      <dl className={styles.pairs}>
        {entries.map(({ key, values, nested }, index) => (
          <div key={`${key}:${index}`}>
            <dt>{key}</dt>
            <dd>
              {values.length === 1 && values[0]}
              {values.length > 1 && (
                <span className={styles.chips}>
                  {values.map((value, at) => (
                    <Chip key={at} tone="neutral">
                      {value}
                    </Chip>
                  ))}
                </span>
              )}
              {nested !== null && <pre className={styles.nested}>{nested}</pre>}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
