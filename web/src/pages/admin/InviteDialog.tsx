import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { query, useSending } from '../../api';
import { InvitationTargetsDocument, UserInviteDocument, type Role } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Combobox, Dialog, Field, Select, TextInput } from '../../ui';
import { FormProblems } from '../namespaces/FormProblems';
import styles from '../account/forms.module.css';

const ROLES = ['GUEST', 'REPORTER', 'DEVELOPER', 'MAINTAINER', 'OWNER'] as const satisfies readonly Role[];
const FIELDS = ['email', 'memberships'];

interface Props {
  readonly onClose: () => void;
  /** Gets the link, which is shown this once. */
  readonly onDone: (url: string) => void;
}

/** Invite a person by a link, with a first membership if wanted. */
export function InviteDialog({ onClose, onDone }: Props) {
  const t = useT();
  const [email, setEmail] = useState('');
  const [isAdmin, setAdmin] = useState(false);
  const [search, setSearch] = useState('');
  const [target, setTarget] = useState<string | null>(null);
  const [role, setRole] = useState<Role>('DEVELOPER');
  const targets = useQuery({ ...query(InvitationTargetsDocument, { search }), placeholderData: keepPreviousData });
  const form = useSending(UserInviteDocument, ['AdminInvitations']);
  const items = [
    ...(targets.data?.groups.nodes ?? []).map((one) => ({ value: one.id, label: one.fullPath, hint: t('admin.a_group') })),
    ...(targets.data?.projects.nodes ?? []).map((one) => ({
      value: one.id,
      label: one.fullPath,
      hint: t('admin.a_project'),
    })),
  ];

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const isGroup = targets.data?.groups.nodes.some((one) => one.id === target) ?? false;
    const groupOrProject = target === null ? null : isGroup ? { group: { id: target } } : { project: { id: target } };
    const input = {
      isAdmin,
      ...(email !== '' && { email }),
      ...(groupOrProject && { memberships: [{ groupOrProject, role }] }),
    };
    const url = (await form.send({ input }))?.userInvite.url;
    if (url) onDone(url);
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={t('admin.invite')}
      footer={
        <>
          <Button onClick={onClose}>{t('account.cancel')}</Button>
          <Button variant="primary" type="submit" form="invite" busy={form.isBusy}>
            {t('admin.make_invitation')}
          </Button>
        </>
      }
    >
      <form id="invite" className={styles.form} onSubmit={(event) => void submit(event)}>
        <p>{t('admin.invite_more')}</p>
        <Field label={t('admin.email')} hint={t('admin.email_hint')} error={form.errorAt('email')}>
          <TextInput type="email" value={email} onChange={(event) => setEmail(event.target.value)} autoFocus />
        </Field>
        <Field label={t('admin.member_of')} hint={t('admin.member_of_hint')} error={form.errorAt('memberships')}>
          <Combobox items={items} value={target} onChange={setTarget} onSearch={setSearch} />
        </Field>
        {target !== null && (
          <Field label={t('admin.role')}>
            <Select
              items={ROLES.map((one) => ({ value: one, label: t(`namespaces.role_${one}`) }))}
              value={role}
              onChange={(value) => setRole(ROLES.find((one) => one === value) ?? 'DEVELOPER')}
            />
          </Field>
        )}
        <Checkbox label={t('admin.as_administrator')} checked={isAdmin} onChange={setAdmin} />
        <FormProblems sending={form} fields={FIELDS} />
      </form>
    </Dialog>
  );
}
