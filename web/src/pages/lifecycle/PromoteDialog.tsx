import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { query, useSending } from '../../api';
import {
  PromotionCheckedDocument,
  RequestCreateDocument,
  StageNamesDocument,
  VersionPromoteDocument,
} from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Dialog, Field, Loaded, Select, TextArea, toast } from '../../ui';
import { BypassChoice } from './BypassChoice';
import { FormErrors } from './FormErrors';
import { Verdicts } from './Verdicts';
import styles from './PromoteDialog.module.css';

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly project: string;
  /** The version that is to move. */
  readonly version: { readonly id: string; readonly version: string };
  readonly model: string;
}

/** Move a version to a stage, or ask others for it: every rule is shown with its verdict before. */
export function PromoteDialog({ open, onClose, project, version, model }: Props) {
  const t = useT();
  const stages = useQuery({ ...query(StageNamesDocument, { project }), enabled: open });
  return (
    <Dialog open={open} onClose={onClose} title={t('lifecycle.promote_title', { model, version: version.version })} size="l">
      <Loaded query={stages}>
        {(data) => {
          const names = data.project?.stages.filter(({ retiredAt, isInitial }) => !retiredAt && !isInitial) ?? [];
          return (
            <PromoteForm
              project={project}
              version={version}
              stages={names.map(({ name }) => name)}
              mayBypass={data.project?.viewerRole === 'MAINTAINER' || data.project?.viewerRole === 'OWNER'}
              onClose={onClose}
            />
          );
        }}
      </Loaded>
    </Dialog>
  );
}

interface FormProps {
  readonly project: string;
  readonly version: Props['version'];
  readonly stages: readonly string[];
  readonly mayBypass: boolean;
  readonly onClose: () => void;
}

function PromoteForm({ project, version, stages, mayBypass, onClose }: FormProps) {
  const t = useT();
  const navigate = useNavigate();
  const [stage, setStage] = useState(stages[0] ?? '');
  const [reason, setReason] = useState('');
  const [keepOthers, setKeepOthers] = useState(false);
  const [bypass, setBypass] = useState<string | null>(null);
  const check = useQuery({
    ...query(PromotionCheckedDocument, { version: version.id, stage }),
    enabled: stage !== '',
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
  const promoting = useSending(VersionPromoteDocument);
  const requesting = useSending(RequestCreateDocument);
  const refused = !(check.data?.promotionCheck?.allowsPromotion ?? false);

  async function promote() {
    const input = { modelVersion: { id: version.id }, stage, reason, keepOthers, bypassReason: bypass };
    if ((await promoting.send({ input })) === null) return;
    toast({ title: t('lifecycle.promoted', { version: version.version, stage }), tone: 'good' });
    onClose();
  }

  async function request() {
    const data = await requesting.send({ input: { modelVersion: { id: version.id }, stage, reason, keepOthers } });
    const id = data?.promotionRequestCreate.promotionRequest?.id;
    if (id === undefined) return;
    onClose();
    void navigate({ to: '/p/$project/promotions/$request', params: { project, request: id } });
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void promote();
      }}
    >
      <Field label={t('lifecycle.stage')} error={promoting.errorAt('stage') ?? requesting.errorAt('stage')}>
        <Select items={stages.map((name) => ({ value: name, label: name }))} value={stage} onChange={setStage} />
      </Field>
      <Loaded query={check}>
        {({ promotionCheck }) => (
          <>
            <p className={styles.holder}>
              {promotionCheck?.replacedVersion
                ? t('lifecycle.replaces', { version: promotionCheck.replacedVersion })
                : t('lifecycle.replaces_none')}
            </p>
            <Verdicts verdicts={promotionCheck?.verdicts ?? []} />
          </>
        )}
      </Loaded>
      <Field label={t('lifecycle.reason')} hint={t('lifecycle.reason_hint')} error={promoting.errorAt('reason')}>
        <TextArea value={reason} onChange={(event) => setReason(event.target.value)} rows={2} />
      </Field>
      <Checkbox checked={keepOthers} onChange={setKeepOthers} label={t('lifecycle.keep_others')} />
      {mayBypass && refused && <BypassChoice reason={bypass} onReason={setBypass} error={promoting.errorAt('bypassReason')} />}
      <FormErrors sending={promoting} shown={['stage', 'reason', 'bypassReason']} />
      <FormErrors sending={requesting} shown={['stage']} />
      <div className={styles.actions}>
        <Button variant="quiet" onClick={onClose}>
          {t('lifecycle.cancel')}
        </Button>
        <Button variant="secondary" busy={requesting.isBusy} onClick={() => void request()}>
          {t('lifecycle.request')}
        </Button>
        <Button
          variant={bypass === null ? 'primary' : 'danger'}
          type="submit"
          busy={promoting.isBusy}
          disabled={(refused && bypass === null) || bypass?.trim() === ''}
        >
          {t('lifecycle.promote')}
        </Button>
      </div>
    </form>
  );
}
