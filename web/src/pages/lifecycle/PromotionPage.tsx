import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { query, useLive, type DataOf } from '../../api';
import { LifecycleEventsDocument, PromotionRequestShownDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Loaded, PageHeader, Section, StageChip, Time } from '../../ui';
import { RouteMissing } from '../../shell/RouteMissing';
import { Approvals } from './Approvals';
import { REQUEST_EVENTS } from './events';
import { RequestActions } from './RequestActions';
import { RequestStatusChip } from './RequestStatusChip';
import { Timeline } from './Timeline';
import { Verdicts } from './Verdicts';
import { CurrentVerdicts } from './CurrentVerdicts';

/** Where it is approved and rejected, below what has to be read for that. */
const DECISION = 'decision';

/** One promotion request: the rules as they stand, who has approved, what was said, and what can be done. */
export function PromotionPage() {
  const { project, request } = useParams({ from: '/p/$project/promotions/$request' });
  const shown = useQuery(query(PromotionRequestShownDocument, { id: request }));
  useLive(LifecycleEventsDocument, { project, types: REQUEST_EVENTS }, ['PromotionRequestShown', 'PromotionChecked']);
  return <Loaded query={shown}>{(data) => <Shown data={data} project={project} />}</Loaded>;
}

function Shown({ data, project }: { readonly data: DataOf<typeof PromotionRequestShownDocument>; readonly project: string }) {
  const t = useT();
  const request = data.node?.__typename === 'PromotionRequest' ? data.node : null;
  if (request === null) return <RouteMissing />;
  const model = request.modelVersion?.model?.name ?? t('lifecycle.gone');
  return (
    <>
      <PageHeader
        title={t('lifecycle.request_title', { model, version: request.version, stage: request.stage })}
        crumbs={[{ label: t('lifecycle.promotions'), link: { to: '/p/$project/promotions', params: { project } } }]}
        chips={
          <>
            <RequestStatusChip status={request.status} />
            <StageChip name={request.stage} />
          </>
        }
        actions={
          request.status === 'OPEN' &&
          request.viewerCanApprove && (
            <Button variant="primary" onClick={() => document.querySelector<HTMLElement>(`#${DECISION} textarea`)?.focus()}>
              {t('lifecycle.decide')}
            </Button>
          )
        }
        description={
          <>
            {request.requestedByUsername} · <Time at={request.createdAt} />
            {request.status === 'OPEN' && (
              <>
                {' '}
                · {t('lifecycle.expires')} <Time at={request.expiresAt} />
              </>
            )}
          </>
        }
      />
      {request.givenReason !== '' && (
        <Section title={t('lifecycle.reason')}>
          <p>{request.givenReason}</p>
        </Section>
      )}
      <Section title={t('lifecycle.rules')}>
        {request.promotion ? (
          <Verdicts verdicts={request.promotion.verdicts} />
        ) : request.modelVersion ? (
          <CurrentVerdicts version={request.modelVersion.id} stage={request.stage} />
        ) : (
          <p>{t('lifecycle.gone')}</p>
        )}
      </Section>
      <Section title={t('lifecycle.approvals')}>
        <Approvals approvals={request.approvals} />
      </Section>
      {request.status === 'OPEN' && (
        <div id={DECISION}>
          <RequestActions request={request} viewer={data.viewer?.user?.username ?? null} />
        </div>
      )}
      <Section title={t('lifecycle.timeline')}>
        <Timeline events={request.events.nodes} />
      </Section>
    </>
  );
}
