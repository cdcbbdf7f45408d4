import type { MessageKey } from '../../i18n';
import type { Tone } from './Chip';

/** The look of a state: what shape its mark has, so that it is not told by colour alone. */
export type StatusShape = 'done' | 'running' | 'waiting' | 'failed' | 'warning' | 'stopped' | 'locked';

export interface StatusLook {
  readonly tone: Tone;
  readonly shape: StatusShape;
  readonly label: MessageKey;
}

/** All states of the schema's enums; the same word means the same in all of them. */
export const STATUSES: Readonly<Record<string, StatusLook>> = {
  READY: { tone: 'good', shape: 'done', label: 'ui.status_ready' },
  FINISHED: { tone: 'good', shape: 'done', label: 'ui.status_finished' },
  SUCCEEDED: { tone: 'good', shape: 'done', label: 'ui.status_succeeded' },
  COMPLETED: { tone: 'good', shape: 'done', label: 'ui.status_completed' },
  PROMOTED: { tone: 'good', shape: 'done', label: 'ui.status_promoted' },
  PASSED: { tone: 'good', shape: 'done', label: 'ui.status_passed' },
  SAFE: { tone: 'good', shape: 'done', label: 'ui.status_safe' },
  ACCEPTED: { tone: 'good', shape: 'done', label: 'ui.status_accepted' },
  ACTIVE: { tone: 'good', shape: 'done', label: 'ui.status_active' },
  DELIVERED: { tone: 'good', shape: 'done', label: 'ui.status_delivered' },
  DONE: { tone: 'good', shape: 'done', label: 'ui.status_done' },
  LINKED: { tone: 'info', shape: 'running', label: 'ui.status_linked' },
  RUNNING: { tone: 'info', shape: 'running', label: 'ui.status_running' },
  VERIFYING: { tone: 'info', shape: 'running', label: 'ui.status_verifying' },
  OPEN: { tone: 'info', shape: 'waiting', label: 'ui.status_open' },
  QUEUED: { tone: 'neutral', shape: 'waiting', label: 'ui.status_queued' },
  SCHEDULED: { tone: 'neutral', shape: 'waiting', label: 'ui.status_scheduled' },
  PENDING: { tone: 'warn', shape: 'waiting', label: 'ui.status_pending' },
  PENDING_REGISTRATION: { tone: 'warn', shape: 'waiting', label: 'ui.status_pending_registration' },
  WARNING: { tone: 'warn', shape: 'warning', label: 'ui.status_warning' },
  SUSPICIOUS: { tone: 'warn', shape: 'warning', label: 'ui.status_suspicious' },
  SILENT: { tone: 'warn', shape: 'warning', label: 'ui.status_silent' },
  UNREADABLE: { tone: 'warn', shape: 'warning', label: 'ui.status_unreadable' },
  QUARANTINED: { tone: 'bad', shape: 'locked', label: 'ui.status_quarantined' },
  DANGEROUS: { tone: 'bad', shape: 'locked', label: 'ui.status_dangerous' },
  FAILED: { tone: 'bad', shape: 'failed', label: 'ui.status_failed' },
  UPLOAD_FAILED: { tone: 'bad', shape: 'failed', label: 'ui.status_upload_failed' },
  ERROR: { tone: 'bad', shape: 'failed', label: 'ui.status_error' },
  DEAD: { tone: 'bad', shape: 'failed', label: 'ui.status_dead' },
  REFUSED: { tone: 'bad', shape: 'failed', label: 'ui.status_refused' },
  REJECTED: { tone: 'bad', shape: 'failed', label: 'ui.status_rejected' },
  MISSING: { tone: 'bad', shape: 'failed', label: 'ui.status_missing' },
  KILLED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_killed' },
  ABORTED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_aborted' },
  CANCELLED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_cancelled' },
  WITHDRAWN: { tone: 'neutral', shape: 'stopped', label: 'ui.status_withdrawn' },
  REVOKED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_revoked' },
  EXPIRED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_expired' },
  ENDED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_ended' },
  DISABLED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_disabled' },
  DEACTIVATED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_deactivated' },
  DELETED: { tone: 'neutral', shape: 'stopped', label: 'ui.status_deleted' },
};
