import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useSending } from '../../api';
import {
  PromotionCheckedDocument,
  RequestApproveDocument,
  RequestCommentDocument,
  RequestRejectDocument,
  RequestWithdrawDocument,
  VersionPromoteDocument,
  type PromotionCheckedQuery,
  type RequestRowFragment,
} from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Field, Section, TextArea, toast } from '../../ui';
import { FormErrors } from './FormErrors';
import styles from './PromoteDialog.module.css';

interface Props {
  readonly request: RequestRowFragment;
  /** The name of who is signed in; null for visitors. */
  readonly viewer: string | null;
}

/** Say something, approve, reject, withdraw or promote: one text for all of them. */
export function RequestActions({ request, viewer }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const comment = useSending(RequestCommentDocument);
  const approve = useSending(RequestApproveDocument);
  const reject = useSending(RequestRejectDocument);
  const withdraw = useSending(RequestWithdrawDocument);
  const promote = useSending(VersionPromoteDocument);
  if (viewer === null) return null;
  const { id, stage, modelVersion } = request;
  const isOwn = viewer === request.requestedByUsername;

  /** What the rules were when the person looked at them: an approval of anything else is refused. */
  function digest(): string | null {
    const key = [PromotionCheckedDocument.name, { version: modelVersion?.id, stage }];
    return queries.getQueryData<PromotionCheckedQuery>(key)?.promotionCheck?.digest ?? null;
  }

  async function done(sent: Promise<object | null>, title: string) {
    if ((await sent) === null) return;
    setText('');
    toast({ title, tone: 'good' });
  }

  return (
    <Section title={t('lifecycle.act')}>
      <form className={styles.form} onSubmit={(event) => event.preventDefault()}>
        <Field
          label={t('lifecycle.comment')}
          error={comment.errorAt('body') ?? reject.errorAt('reason') ?? approve.errorAt('comment')}
        >
          <TextArea value={text} onChange={(event) => setText(event.target.value)} rows={3} />
        </Field>
        {[comment, approve, reject, withdraw, promote].map((sending, index) => (
          <FormErrors key={index} sending={sending} shown={['body', 'reason', 'comment']} />
        ))}
        <div className={styles.actions}>
          <Button
            variant="quiet"
            disabled={text.trim() === ''}
            busy={comment.isBusy}
            onClick={() => void done(comment.send({ input: { id, body: text } }), t('lifecycle.commented'))}
          >
            {t('lifecycle.comment')}
          </Button>
          {isOwn && (
            <Button
              variant="secondary"
              busy={withdraw.isBusy}
              onClick={() => void done(withdraw.send({ input: { id, reason: text } }), t('lifecycle.withdrawn'))}
            >
              {t('lifecycle.withdraw')}
            </Button>
          )}
          {request.viewerCanApprove && (
            <>
              <Button
                variant="danger"
                disabled={text.trim() === ''}
                title={text.trim() === '' ? t('lifecycle.reject_needs_reason') : undefined}
                busy={reject.isBusy}
                onClick={() => void done(reject.send({ input: { id, reason: text } }), t('lifecycle.rejected'))}
              >
                {t('lifecycle.reject')}
              </Button>
              <Button
                variant="primary"
                busy={approve.isBusy}
                onClick={() =>
                  void done(approve.send({ input: { id, comment: text, digest: digest() } }), t('lifecycle.approved'))
                }
              >
                {t('lifecycle.approve')}
              </Button>
            </>
          )}
          {modelVersion && (
            <Button
              variant="secondary"
              busy={promote.isBusy}
              onClick={() =>
                void done(
                  promote.send({
                    input: { modelVersion: { id: modelVersion.id }, stage, reason: text, promotionRequestId: id },
                  }),
                  t('lifecycle.promoted', { version: request.version, stage }),
                )
              }
            >
              {t('lifecycle.promote')}
            </Button>
          )}
        </div>
      </form>
    </Section>
  );
}
