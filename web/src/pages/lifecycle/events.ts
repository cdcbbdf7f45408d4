import type { ProjectEventType } from '../../api/operations';

/** What changes a list of promotion requests. */
export const REQUEST_EVENTS: ProjectEventType[] = [
  'PROMOTION_COMPLETED',
  'PROMOTION_REFUSED',
  'PROMOTION_REQUEST_OPENED',
  'PROMOTION_REQUEST_COMMENTED',
  'PROMOTION_REQUEST_APPROVED',
  'PROMOTION_REQUEST_APPROVAL_FELL',
  'PROMOTION_REQUEST_REJECTED',
  'PROMOTION_REQUEST_WITHDRAWN',
  'PROMOTION_REQUEST_EXPIRED',
  'PROMOTION_REQUEST_PROMOTED',
];

/** What changes a list of deployments. */
export const DEPLOYMENT_EVENTS: ProjectEventType[] = ['DEPLOYMENT_STARTED', 'DEPLOYMENT_SILENT', 'DEPLOYMENT_ENDED'];
