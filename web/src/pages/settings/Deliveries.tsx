import { useSending, usePages, type DataOf } from '../../api';
import { DeliveryReplayDocument, WebhookDeliveriesDocument, type WebhookDeliveryStatus } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, CodeBlock, Empty, Loaded, LoadMore, Table, Time, type Column } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';

type Node = NonNullable<DataOf<typeof WebhookDeliveriesDocument>['node']>;
type Delivery = Extract<Node, { __typename: 'Webhook' }>['deliveries']['nodes'][number];

const TONES = {
  PENDING: 'info',
  DELIVERED: 'good',
  FAILED: 'bad',
} as const satisfies Record<WebhookDeliveryStatus, string>;

/** What was sent to a webhook and what it answered; what failed can be sent again. */
export function Deliveries({ webhook, mayReplay }: { readonly webhook: string; readonly mayReplay: boolean }) {
  const t = useT();
  const { rows, query, more } = usePages(WebhookDeliveriesDocument, { id: webhook }, ({ node }) =>
    node?.__typename === 'Webhook' ? node.deliveries : null,
  );
  const replay = useSending(DeliveryReplayDocument, ['WebhookDeliveries']);
  const columns: readonly Column<Delivery>[] = [
    { id: 'event', header: t('settings.event'), cell: ({ event }) => <code>{event}</code> },
    {
      id: 'status',
      header: t('settings.status'),
      cell: ({ status }) => <Chip tone={TONES[status]}>{t(`settings.delivery_${status}`)}</Chip>,
    },
    {
      id: 'answer',
      header: t('settings.answer'),
      cell: ({ responseStatus, statusReason }) => [responseStatus, statusReason].filter(Boolean).join(' · '),
    },
    {
      id: 'attempts',
      header: t('settings.attempts'),
      cell: ({ attemptCount }) => attemptCount,
      align: 'end',
      hideOnPhone: true,
    },
    { id: 'when', header: t('settings.when'), cell: ({ createdAt }) => <Time at={createdAt} withTime /> },
    {
      id: 'content',
      header: t('settings.content'),
      cell: ({ payload, responseBody }) => (
        <details>
          <summary>{t('settings.show')}</summary>
          <CodeBlock text={payload} language="json" />
          {responseBody && <CodeBlock text={responseBody} language="text" />}
        </details>
      ),
      hideOnPhone: true,
    },
    {
      id: 'replay',
      header: '',
      cell: ({ id, status }) =>
        mayReplay &&
        status !== 'PENDING' && (
          <Button size="s" variant="quiet" onClick={() => void replay.send({ input: { id } })}>
            {t('settings.replay')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <FormErrors sending={replay} shown={[]} />
      <Loaded query={query}>
        {() => (
          <Table
            caption={t('settings.deliveries')}
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            empty={<Empty title={t('settings.no_deliveries')} />}
          />
        )}
      </Loaded>
      <LoadMore hasMore={query.hasNextPage} busy={query.isFetchingNextPage} onMore={more} shown={rows.length} />
    </>
  );
}
