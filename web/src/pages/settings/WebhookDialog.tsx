import { useState } from 'react';
import { useSending } from '../../api';
import { WebhookChangeDocument, WebhookMakeDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Checkbox, Dialog, Field, Switch, TextInput } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import type { Webhook } from './WebhooksPage';
import styles from './settings.module.css';

/** Events that most receivers want; others are typed. */
const EVENTS = [
  'registered_model.created', 'registered_model.deleted', 'model_version.created', 'model_version.updated',
  'model_version.stage_changed', 'model_version.files_ready', 'model_version.quarantined', 'model_version.sealed',
  'model_version.yanked', 'model_version.deleted', 'model_version_alias.created', 'model_version_alias.deleted',
  'promotion.completed', 'promotion.refused', 'promotion_request.opened', 'promotion_request.approved',
  'candidate.finished', 'evaluation.created', 'deployment.started', 'deployment.silent', 'deployment.ended',
  'audit_head.created', 'token.expiring',
];

const SHOWN = ['name', 'url', 'description', 'events', 'secret'];

interface Props {
  readonly project: string;
  /** The webhook to change; null: a new one. */
  readonly webhook: Webhook | null;
  readonly onClose: () => void;
}

export function WebhookDialog({ project, webhook, onClose }: Props) {
  const t = useT();
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [description, setDescription] = useState(webhook?.description ?? '');
  const [events, setEvents] = useState<readonly string[]>(webhook?.events ?? []);
  const [secret, setSecret] = useState('');
  const [isActive, setActive] = useState(webhook?.status !== 'DISABLED');
  const make = useSending(WebhookMakeDocument, ['Webhooks']);
  const change = useSending(WebhookChangeDocument, ['Webhooks']);
  const errorAt = (field: string) => make.errorAt(field) ?? change.errorAt(field);
  const choices = [...new Set([...EVENTS, ...(webhook?.events ?? [])])];

  async function save() {
    const shared = {
      name,
      url,
      description,
      events: [...events],
      // Left out, the secret stays what it is.
      ...(secret === '' ? {} : { secret }),
      status: isActive ? ('ACTIVE' as const) : ('DISABLED' as const),
    };
    const sent =
      webhook === null
        ? await make.send({ input: { ...shared, project: { path: project } } })
        : await change.send({ input: { ...shared, id: webhook.id } });
    if (sent !== null) onClose();
  }

  return (
    <Dialog open onClose={onClose} title={webhook?.name ?? t('settings.new_webhook')} size="l">
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t('settings.name')} required error={errorAt('name')}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />
        </Field>
        <Field label="URL" required error={errorAt('url')}>
          <TextInput type="url" value={url} onChange={(event) => setUrl(event.target.value)} />
        </Field>
        <Field label={t('settings.description')} error={errorAt('description')}>
          <TextInput value={description} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <fieldset className={styles.choices}>
          <legend>{t('settings.events')}</legend>
          {choices.map((event) => (
            <Checkbox
              key={event}
              label={event}
              checked={events.includes(event)}
              onChange={(checked) => setEvents(checked ? [...events, event] : events.filter((one) => one !== event))}
            />
          ))}
        </fieldset>
        {errorAt('events') && <p role="alert">{errorAt('events')}</p>}
        <Field
          label={t('settings.secret')}
          hint={webhook?.hasSecret ? t('settings.secret_stays') : t('settings.secret_hint')}
          error={errorAt('secret')}
        >
          <TextInput type="password" value={secret} onChange={(event) => setSecret(event.target.value)} autoComplete="new-password" />
        </Field>
        <Switch checked={isActive} onChange={setActive} label={t('settings.webhook_ACTIVE')} />
        <FormErrors sending={make} shown={SHOWN} />
        <FormErrors sending={change} shown={SHOWN} />
        <div className={styles.actions}>
          <Button variant="quiet" onClick={onClose}>
            {t('settings.cancel')}
          </Button>
          <Button
            variant="primary"
            type="submit"
            busy={make.isBusy || change.isBusy}
            disabled={name.trim() === '' || url.trim() === '' || events.length === 0}
          >
            {t('settings.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
