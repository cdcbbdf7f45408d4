import styles from './models.module.css';

/** Tags with their values; long ones break. */
export function TagList({ tags }: { readonly tags: readonly { readonly key: string; readonly value: string }[] }) {
  return (
    <dl className={styles.pairs}>
      {tags.map(({ key, value }) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
