import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { usePages, useSending, type DataOf } from '../../api';
import { WebhookEndDocument, WebhooksDocument, WebhookTryDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, ConfirmDialog, Empty, Loaded, LoadMore, PageHeader, Section, Table, toast, type Column } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import { Deliveries } from './Deliveries';
import { WebhookDialog } from './WebhookDialog';
import styles from './settings.module.css';

const FROM = '/p/$project/webhooks';

export type Webhook = NonNullable<NonNullable<DataOf<typeof WebhooksDocument>['project']>['webhooks']>['nodes'][number];

/** Who is told of what happens in a project, and whether it arrived. */
export function WebhooksPage() {
  const t = useT();
  const { project } = useParams({ from: FROM });
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const { rows, first, query, more } = usePages(WebhooksDocument, { project }, (data) => data.project?.webhooks);
  const [edited, setEdited] = useState<Webhook | 'new' | null>(null);
  const [ending, setEnding] = useState<Webhook | null>(null);
  const end = useSending(WebhookEndDocument, ['Webhooks']);
  const attempt = useSending(WebhookTryDocument, ['WebhookDeliveries']);
  const shown = rows.find(({ id }) => id === search.webhook);

  async function tryOut(webhook: Webhook) {
    const sent = await attempt.send({ input: { id: webhook.id } });
    const result = sent?.webhookTest.result;
    if (!result) return;
    const arrived = result.status === 'DELIVERED';
    const answer = result.responseStatus ?? result.statusReason ?? '';
    toast({
      title: arrived ? t('settings.arrived', { answer }) : t('settings.not_arrived', { answer }),
      tone: arrived ? 'good' : 'bad',
    });
  }

  const columns: readonly Column<Webhook>[] = [
    {
      id: 'name',
      header: t('settings.name'),
      cell: (webhook) => (
        <>
          <strong>{webhook.name}</strong>
          <div className={styles.quiet}>{webhook.url}</div>
        </>
      ),
    },
    {
      id: 'events',
      header: t('settings.events'),
      cell: ({ events }) => events.join(', '),
      hideOnPhone: true,
    },
    {
      id: 'status',
      header: t('settings.status'),
      cell: ({ status }) => (
        <Chip tone={status === 'ACTIVE' ? 'good' : 'neutral'}>{t(`settings.webhook_${status}`)}</Chip>
      ),
    },
    {
      id: 'act',
      header: '',
      cell: (webhook) => (
        <div className={styles.actions}>
          <Button size="s" variant="quiet" onClick={() => void navigate({ search: { webhook: webhook.id } })}>
            {t('settings.deliveries')}
          </Button>
          {webhook.viewerCanUpdate && (
            <>
              <Button size="s" variant="quiet" busy={attempt.isBusy} onClick={() => void tryOut(webhook)}>
                {t('settings.try')}
              </Button>
              <Button size="s" variant="quiet" onClick={() => setEdited(webhook)}>
                {t('settings.edit')}
              </Button>
              <Button size="s" variant="quiet" onClick={() => setEnding(webhook)}>
                {t('settings.delete')}
              </Button>
            </>
          )}
        </div>
      ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t('settings.webhooks')}
        description={t('settings.webhooks_about')}
        actions={
          first?.project?.viewerCanManage && (
            <Button variant="primary" onClick={() => setEdited('new')}>
              {t('settings.new_webhook')}
            </Button>
          )
        }
      />
      <FormErrors sending={attempt} shown={[]} />
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('settings.webhooks')}
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            empty={<Empty title={t('settings.no_webhooks')} />}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
      {shown && (
        <Section title={t('settings.deliveries_of', { name: shown.name })}>
          <Deliveries webhook={shown.id} mayReplay={shown.viewerCanUpdate} />
        </Section>
      )}
      {edited && (
        <WebhookDialog project={project} webhook={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />
      )}
      <ConfirmDialog
        open={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          if ((await end.send({ input: { id: ending?.id ?? '' } })) !== null) setEnding(null);
        }}
        title={t('settings.delete_webhook', { name: ending?.name ?? '' })}
        confirmLabel={t('settings.delete')}
        busy={end.isBusy}
        problem={end.errors[0]?.message ?? end.failure?.message}
      >
        {t('settings.delete_webhook_about')}
      </ConfirmDialog>
    </>
  );
}
