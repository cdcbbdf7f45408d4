import { useState } from 'react';
import { useSending } from '../../api';
import {
  ProtectionDeleteDocument,
  ProtectionSetDocument,
  type ProtectionKind,
  type ProtectionMovers,
  type Role,
} from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, NumberInput, Select, Table, TextInput, Time, type Column } from '../../ui';
import { FormErrors } from './FormErrors';
import type { StagesData } from './StagesPage';
import styles from './PromoteDialog.module.css';

type Protection = NonNullable<StagesData['project']>['protections'][number];

interface Props {
  readonly project: string;
  readonly protections: readonly Protection[];
  readonly mayEdit: boolean;
}

/** Who may move which stages and aliases. */
export function Protections({ project, protections, mayEdit }: Props) {
  const t = useT();
  const [isAdding, setAdding] = useState(false);
  const remove = useSending(ProtectionDeleteDocument, ['Stages']);
  const columns: readonly Column<Protection>[] = [
    { id: 'kind', header: t('lifecycle.of'), cell: ({ kind }) => t(`lifecycle.protection_${kind}`) },
    { id: 'pattern', header: t('lifecycle.pattern'), cell: ({ pattern }) => <code>{pattern}</code> },
    { id: 'role', header: t('lifecycle.least_role'), cell: ({ leastRole }) => t(`lifecycle.role_${leastRole}`) },
    {
      id: 'movers',
      header: t('lifecycle.movers'),
      cell: ({ movers }) => t(`lifecycle.movers_${movers}`),
      hideOnPhone: true,
    },
    {
      id: 'approvals',
      header: t('lifecycle.approvals'),
      cell: ({ approvalCount }) => approvalCount,
      align: 'end',
      hideOnPhone: true,
    },
    { id: 'set', header: t('lifecycle.set'), cell: ({ setAt }) => <Time at={setAt} />, hideOnPhone: true },
    {
      id: 'delete',
      header: '',
      cell: ({ kind, pattern, viewerCanUpdate }) =>
        viewerCanUpdate && (
          <Button
            size="s"
            variant="quiet"
            onClick={() => void remove.send({ input: { project: { path: project }, kind, pattern } })}
          >
            {t('lifecycle.delete')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Table
        caption={t('lifecycle.protections')}
        columns={columns}
        rows={protections}
        rowKey={(row) => row.id}
        empty={<p>{t('lifecycle.no_protections')}</p>}
      />
      <FormErrors sending={remove} shown={[]} />
      {mayEdit && (
        <Button variant="secondary" onClick={() => setAdding(true)}>
          {t('lifecycle.new_protection')}
        </Button>
      )}
      {isAdding && <ProtectionDialog project={project} onClose={() => setAdding(false)} />}
    </>
  );
}

const KINDS = ['STAGE', 'ALIAS'] as const satisfies readonly ProtectionKind[];
const ROLES = ['REPORTER', 'DEVELOPER', 'MAINTAINER', 'OWNER'] as const satisfies readonly Role[];
const MOVERS = ['ANYONE', 'PEOPLE', 'CI_TOKENS'] as const satisfies readonly ProtectionMovers[];

function ProtectionDialog({ project, onClose }: { readonly project: string; readonly onClose: () => void }) {
  const t = useT();
  const [kind, setKind] = useState<ProtectionKind>('STAGE');
  const [pattern, setPattern] = useState('');
  const [leastRole, setLeastRole] = useState<Role>('MAINTAINER');
  const [movers, setMovers] = useState<ProtectionMovers>('ANYONE');
  const [approvalCount, setApprovalCount] = useState(0);
  const set = useSending(ProtectionSetDocument, ['Stages']);

  async function save() {
    const input = { project: { path: project }, kind, pattern, leastRole, movers, approvalCount };
    if ((await set.send({ input })) !== null) onClose();
  }

  return (
    <Dialog open onClose={onClose} title={t('lifecycle.new_protection')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('lifecycle.of')}>
          <Select
            items={KINDS.map((value) => ({ value, label: t(`lifecycle.protection_${value}`) }))}
            value={kind}
            onChange={setKind}
          />
        </Field>
        <Field label={t('lifecycle.pattern')} hint={t('lifecycle.pattern_hint')} required error={set.errorAt('pattern')}>
          <TextInput value={pattern} onChange={(event) => setPattern(event.target.value)} />
        </Field>
        <Field label={t('lifecycle.least_role')} error={set.errorAt('leastRole')}>
          <Select
            items={ROLES.map((value) => ({ value, label: t(`lifecycle.role_${value}`) }))}
            value={leastRole}
            onChange={setLeastRole}
          />
        </Field>
        <Field label={t('lifecycle.movers')} error={set.errorAt('movers')}>
          <Select
            items={MOVERS.map((value) => ({ value, label: t(`lifecycle.movers_${value}`) }))}
            value={movers}
            onChange={setMovers}
          />
        </Field>
        <Field label={t('lifecycle.approvals')} error={set.errorAt('approvalCount')}>
          <NumberInput value={approvalCount} onChange={(value) => setApprovalCount(value ?? 0)} min={0} max={10} />
        </Field>
        <FormErrors sending={set} shown={['pattern', 'leastRole', 'movers', 'approvalCount']} />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            {t('lifecycle.cancel')}
          </Button>
          <Button variant="primary" type="submit" busy={set.isBusy} disabled={pattern.trim() === ''}>
            {t('lifecycle.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
