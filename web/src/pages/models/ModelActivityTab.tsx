import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { query } from '../../api';
import { ModelActivityDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Field, Loaded, Select } from '../../ui';
import { ActivityList } from './ActivityList';
import { activityOf } from './activity';
import { AliasTerms } from './AliasTerms';
import type { ShownModel } from './ModelTab';
import styles from './models.module.css';

/** No alias can be called so. */
const ALL = '*';

/** What happened to a model, newest first, and the history of one alias. */
export function ModelActivityTab({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const { alias = '' } = useSearch({ from: '/p/$project/models/$model' });
  const navigate = useNavigate({ from: '/p/$project/models/$model' });
  const activity = useQuery(query(ModelActivityDocument, { project, model: model.name }));
  const happened = useMemo(() => (activity.data?.model ? activityOf(activity.data.model) : []), [activity.data]);
  const names = new Set([...model.aliases.map(({ name }) => name), ...(alias === '' ? [] : [alias])]);
  return (
    <>
      {names.size > 0 && (
        <div className={styles.choice}>
          <Field label={t('models.history_of')}>
            <Select
              items={[
                { value: ALL, label: t('models.history_all') },
                ...[...names].map((name) => ({ value: name, label: `@${name}` })),
              ]}
              value={alias === '' ? ALL : alias}
              onChange={(chosen) =>
                void navigate({ search: (old) => ({ ...old, alias: chosen === ALL ? undefined : chosen }), replace: true })
              }
            />
          </Field>
        </div>
      )}
      {alias === '' ? (
        <Loaded query={activity}>{() => <ActivityList project={project} model={model.name} happened={happened} />}</Loaded>
      ) : (
        <AliasTerms project={project} model={model.name} name={alias} />
      )}
    </>
  );
}
