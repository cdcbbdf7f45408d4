import { CircleCheck, CircleDashed, CircleStop, CircleX, LoaderCircle, Lock, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useT } from '../../i18n';
import { Chip } from './Chip';
import { STATUSES, type StatusShape } from './statuses';
import styles from './StatusChip.module.css';

const ICONS: Readonly<Record<StatusShape, LucideIcon>> = {
  done: CircleCheck,
  running: LoaderCircle,
  waiting: CircleDashed,
  failed: CircleX,
  warning: TriangleAlert,
  stopped: CircleStop,
  locked: Lock,
};

export interface StatusChipProps {
  /** A member of one of the schema's enums; one that is newer than the page is shown as it is. */
  readonly status: string;
  readonly title?: string | undefined;
}

/** The state of a version, run, job, request, … */
export function StatusChip({ status, title }: StatusChipProps) {
  const t = useT();
  const look = STATUSES[status];
  if (look === undefined) return <Chip title={title}>{status.toLowerCase().replaceAll('_', ' ')}</Chip>;
  const Icon = ICONS[look.shape];
  return (
    <Chip tone={look.tone} title={title} icon={<Icon className={look.shape === 'running' ? styles.turning : undefined} />}>
      {t(look.label)}
    </Chip>
  );
}
