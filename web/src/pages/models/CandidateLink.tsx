import styles from './models.module.css';

/** The name of a candidate, leading to its page. */
export function CandidateLink({
  project,
  candidate: { uuid, name },
}: {
  readonly project: string;
  readonly candidate: { readonly uuid: string; readonly name: string };
}) {
  return (
    <a className={styles.name} href={`/${project}/-/candidates/${uuid}`} title={name}>
      {name || uuid}
    </a>
  );
}
