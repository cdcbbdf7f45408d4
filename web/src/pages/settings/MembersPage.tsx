import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { query, useSending, type DataOf } from '../../api';
import {
  InvitationRevokeDocument,
  MemberDeleteDocument,
  MembersDocument,
  MemberSetDocument,
  PersonInviteDocument,
  ProjectInvitationsDocument,
  type Role,
} from '../../api/operations';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import {
  Button, Chip, ConfirmDialog, CopyButton, Dialog, Field, Loaded, PageHeader, Person, Section, Select, Table, TextInput,
  Time, type Column,
} from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import styles from './settings.module.css';

const FROM = '/p/$project/members';
const ROLES = ['GUEST', 'REPORTER', 'DEVELOPER', 'MAINTAINER', 'OWNER'] as const satisfies readonly Role[];

type Project = NonNullable<DataOf<typeof MembersDocument>['project']>;
type Member = NonNullable<Project['members']>['nodes'][number];
type Invited = NonNullable<DataOf<typeof ProjectInvitationsDocument>['project']>;
type Invitation = NonNullable<Invited['invitations']>['nodes'][number];

/** Who belongs to a project, in which role, and who is invited. */
export function MembersPage() {
  const { project } = useParams({ from: FROM });
  const members = useQuery(query(MembersDocument, { project }));
  return (
    <Loaded query={members}>
      {(data) => (data.project ? <Members path={project} project={data.project} /> : <RouteMissing />)}
    </Loaded>
  );
}

function Members({ path, project }: { readonly path: string; readonly project: Project }) {
  const t = useT();
  const [leaving, setLeaving] = useState<Member | null>(null);
  const [dialog, setDialog] = useState<'add' | 'invite' | null>(null);
  // Owners alone see who is invited.
  const isOwner = project.viewerRole === 'OWNER';
  const invitations = useQuery({ ...query(ProjectInvitationsDocument, { project: path }), enabled: isOwner });
  const invited = invitations.data?.project?.invitations?.nodes ?? [];
  const set = useSending(MemberSetDocument, ['Members']);
  const remove = useSending(MemberDeleteDocument, ['Members']);
  const where = { project: { path } };
  const roles = ROLES.map((value) => ({ value, label: t(`settings.role_${value}`) }));

  const columns: readonly Column<Member>[] = [
    { id: 'person', header: t('settings.person'), cell: ({ user }) => <Person user={user} /> },
    { id: 'username', header: t('settings.username'), cell: ({ user }) => user.username, hideOnPhone: true },
    {
      id: 'role',
      header: t('settings.role'),
      cell: ({ user, role }) =>
        project.viewerCanManage ? (
          <Select
            aria-label={t('settings.role_of', { name: user.name })}
            items={roles}
            value={role}
            onChange={(value) =>
              void set.send({ input: { groupOrProject: where, username: user.username, role: value } })
            }
          />
        ) : (
          t(`settings.role_${role}`)
        ),
    },
    {
      id: 'until',
      header: t('settings.until'),
      cell: ({ expiresAt }) => (expiresAt ? <Time at={expiresAt} /> : '—'),
      hideOnPhone: true,
    },
    {
      id: 'remove',
      header: '',
      cell: (member) =>
        project.viewerCanManage && (
          <Button size="s" variant="quiet" onClick={() => setLeaving(member)}>
            {t('settings.remove')}
          </Button>
        ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t('settings.members')}
        actions={
          project.viewerCanManage && (
            <>
              {isOwner && <Button onClick={() => setDialog('invite')}>{t('settings.invite')}</Button>}
              <Button variant="primary" onClick={() => setDialog('add')}>
                {t('settings.add_member')}
              </Button>
            </>
          )
        }
      />
      <FormErrors sending={set} shown={[]} />
      <Table
        caption={t('settings.members')}
        columns={columns}
        rows={project.members?.nodes ?? []}
        rowKey={({ id }) => id}
        empty={<p>{t('settings.no_members')}</p>}
      />
      {invited.length > 0 && (
        <Section title={t('settings.invitations')}>
          <Invitations rows={invited} />
        </Section>
      )}
      {dialog === 'add' && <AddDialog path={path} onClose={() => setDialog(null)} />}
      {dialog === 'invite' && <InviteDialog path={path} onClose={() => setDialog(null)} />}
      <ConfirmDialog
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={async () => {
          const username = leaving?.user.username ?? '';
          if ((await remove.send({ input: { groupOrProject: where, username } })) !== null) setLeaving(null);
        }}
        title={t('settings.remove_title', { name: leaving?.user.name ?? '' })}
        confirmLabel={t('settings.remove')}
        busy={remove.isBusy}
        problem={remove.errors[0]?.message ?? remove.failure?.message}
      >
        {t('settings.remove_about')}
      </ConfirmDialog>
    </>
  );
}

function Invitations({ rows }: { readonly rows: readonly Invitation[] }) {
  const t = useT();
  const revoke = useSending(InvitationRevokeDocument, ['ProjectInvitations']);
  const columns: readonly Column<Invitation>[] = [
    { id: 'email', header: t('settings.email'), cell: ({ email }) => email ?? '—' },
    {
      id: 'status',
      header: t('settings.status'),
      cell: ({ status }) => (
        <Chip tone={status === 'PENDING' ? 'info' : 'neutral'}>{t(`settings.invitation_${status}`)}</Chip>
      ),
    },
    { id: 'by', header: t('settings.by'), cell: ({ createdBy }) => createdBy?.name, hideOnPhone: true },
    { id: 'until', header: t('settings.until'), cell: ({ expiresAt }) => <Time at={expiresAt} />, hideOnPhone: true },
    {
      id: 'revoke',
      header: '',
      cell: ({ id, viewerCanRevoke }) =>
        viewerCanRevoke && (
          <Button size="s" variant="quiet" onClick={() => void revoke.send({ input: { id } })}>
            {t('settings.revoke')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <FormErrors sending={revoke} shown={[]} />
      <Table caption={t('settings.invitations')} columns={columns} rows={rows} rowKey={({ id }) => id} />
    </>
  );
}

interface DialogProps {
  readonly path: string;
  readonly onClose: () => void;
}

function AddDialog({ path, onClose }: DialogProps) {
  const t = useT();
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<Role>('DEVELOPER');
  const set = useSending(MemberSetDocument, ['Members']);
  return (
    <Dialog open onClose={onClose} title={t('settings.add_member')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          const input = { groupOrProject: { project: { path } }, username, role };
          void set.send({ input }).then((sent) => sent !== null && onClose());
        }}
      >
        <Field label={t('settings.username')} required error={set.errorAt('username')}>
          <TextInput value={username} onChange={(event) => setUsername(event.target.value)} autoComplete="off" />
        </Field>
        <RoleField value={role} onChange={setRole} error={set.errorAt('role')} />
        <FormErrors sending={set} shown={['username', 'role']} />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            {t('settings.cancel')}
          </Button>
          <Button variant="primary" type="submit" busy={set.isBusy} disabled={username.trim() === ''}>
            {t('settings.add_member')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function InviteDialog({ path, onClose }: DialogProps) {
  const t = useT();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('DEVELOPER');
  const [link, setLink] = useState<string | null>(null);
  const invite = useSending(PersonInviteDocument, ['ProjectInvitations']);
  return (
    <Dialog open onClose={onClose} title={t('settings.invite')}>
      {link === null ? (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            const memberships = [{ groupOrProject: { project: { path } }, role }];
            void invite
              .send({ input: { email: email || null, memberships } })
              .then((sent) => setLink(sent?.userInvite.url ?? null));
          }}
        >
          <Field label={t('settings.email')} hint={t('settings.email_hint')} error={invite.errorAt('email')}>
            <TextInput type="email" value={email} onChange={(event) => setEmail(event.target.value)} autoComplete="off" />
          </Field>
          <RoleField value={role} onChange={setRole} error={invite.errorAt('memberships')} />
          <FormErrors sending={invite} shown={['email', 'memberships']} />
          <div className={styles.actions}>
            <Button variant="quiet" onClick={onClose}>
              {t('settings.cancel')}
            </Button>
            <Button variant="primary" type="submit" busy={invite.isBusy}>
              {t('settings.make_link')}
            </Button>
          </div>
        </form>
      ) : (
        <div className={styles.form}>
          <p>{t('settings.link_about')}</p>
          <code className={styles.secret}>{link}</code>
          <div className={styles.actions}>
            <CopyButton text={link} label={t('settings.copy')} />
            <Button variant="primary" onClick={onClose}>
              {t('settings.done')}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

interface RoleProps {
  readonly value: Role;
  readonly onChange: (role: Role) => void;
  readonly error: string | undefined;
}

function RoleField({ value, onChange, error }: RoleProps) {
  const t = useT();
  return (
    <Field label={t('settings.role')} error={error}>
      <Select
        items={ROLES.map((role) => ({ value: role, label: t(`settings.role_${role}`) }))}
        value={value}
        onChange={onChange}
      />
    </Field>
  );
}
