import { Link } from '@tanstack/react-router';
import styles from './models.module.css';

/** The number of a version, leading to its page. */
export function VersionLink({
  project,
  model,
  version,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: string;
}) {
  return (
    <Link
      className={styles.version}
      to="/p/$project/models/$model/versions/$version"
      params={{ project, model, version }}
      title={version}
    >
      {version}
    </Link>
  );
}
