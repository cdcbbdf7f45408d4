import { Link } from '@tanstack/react-router';
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
    <Link className={styles.name} to="/p/$project/candidates/$candidate" params={{ project, candidate: uuid }} title={name}>
      {name || uuid}
    </Link>
  );
}
