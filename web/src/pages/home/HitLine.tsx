import { FlaskConical, ListTree, Package, Tag } from 'lucide-react';
import { useT } from '../../i18n';
import { StatusChip } from '../../ui';
import { HrefLink } from './HrefLink';
import { hrefOf, nameOf, type Hit } from './hits';
import styles from './SearchPage.module.css';

const ICONS = { Model: Package, ModelVersion: Tag, Experiment: FlaskConical, Candidate: ListTree } as const;

/** One thing that a search has found. */
export function HitLine({ hit }: { readonly hit: Hit }) {
  const t = useT();
  const href = hrefOf(hit);
  const Icon = ICONS[hit.__typename];
  return (
    <li className={styles.hit}>
      <Icon aria-hidden="true" className={styles.icon} />
      {href === null ? <span>{nameOf(hit)}</span> : <HrefLink href={href}>{nameOf(hit)}</HrefLink>}
      <span className={styles.detail}>
        {t(`home.kind_${hit.__typename}`)}
        {hit.__typename === 'Candidate' && hit.experiment && ` · ${hit.experiment.name}`}
      </span>
      {hit.__typename === 'Candidate' && <StatusChip status={hit.candidateStatus} />}
    </li>
  );
}
