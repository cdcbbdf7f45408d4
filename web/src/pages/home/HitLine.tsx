import { FlaskConical, ListTree, Package, Tag } from 'lucide-react';
import { useT } from '../../i18n';
import { StatusChip } from '../../ui';
import { HrefLink } from './HrefLink';
import { hrefOf, nameOf, projectOf, type Hit } from './hits';
import styles from './SearchPage.module.css';

const ICONS = { Model: Package, ModelVersion: Tag, Experiment: FlaskConical, Candidate: ListTree } as const;

interface Props {
  readonly hit: Hit;
  /** Whether it says in which project it is. */
  readonly withProject?: boolean;
}

/** One thing that a search has found. */
export function HitLine({ hit, withProject = false }: Props) {
  const t = useT();
  const href = hrefOf(hit);
  const Icon = ICONS[hit.__typename];
  return (
    <li className={styles.hit}>
      <Icon aria-hidden="true" className={styles.icon} />
      {href === null ? <span>{nameOf(hit)}</span> : <HrefLink href={href}>{nameOf(hit)}</HrefLink>}
      <span className={styles.detail}>
        {[
          t(`home.kind_${hit.__typename}`),
          hit.__typename === 'Candidate' && hit.experiment?.name,
          withProject && projectOf(hit),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {hit.__typename === 'Candidate' && <StatusChip status={hit.candidateStatus} />}
    </li>
  );
}
