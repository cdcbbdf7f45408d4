import type { DataOf } from '../../api';
import type { PromotionRequestShownDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Time } from '../../ui';
import styles from './Timeline.module.css';

type Node = NonNullable<DataOf<typeof PromotionRequestShownDocument>['node']>;
type Events = Extract<Node, { __typename: 'PromotionRequest' }>['events']['nodes'];

/** What happened to a request, oldest first. */
export function Timeline({ events }: { readonly events: Events }) {
  const t = useT();
  return (
    <ol className={styles.list}>
      {events.map((event, index) => (
        <li key={index} className={styles.entry}>
          <span className={styles.dot} aria-hidden />
          <div>
            <div>
              {event.username !== null && <strong>{event.username} </strong>}
              {t(`lifecycle.event_${event.kind}`)} <span className={styles.quiet}>
                <Time at={event.happenedAt} />
              </span>
            </div>
            {event.body !== '' && <p className={styles.body}>{event.body}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}
