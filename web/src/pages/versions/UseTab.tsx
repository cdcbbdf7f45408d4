import { useT } from '../../i18n';
import { Section, Snippet } from '../../ui';
import { TokenLink } from '../models/TokenLink';
import { usageSnippets } from './snippets';
import type { ShownVersion } from './VersionPage';

/** How a version is loaded or fetched by programs. */
export function UseTab({
  project,
  model,
  version,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
}) {
  const t = useT();
  const owner = version.model?.project;
  if (!owner) return null;
  const firstFile = version.scanned.nodes[0]?.path ?? null;
  const isPublic = owner.visibility === 'PUBLIC';
  return (
    <Section title={t('versions.use')} actions={!isPublic && <TokenLink />}>
      <p>{isPublic ? t('versions.use_public') : t('versions.use_private')}</p>
      <Snippet
        tabs={usageSnippets(
          { project, number: owner.number, model },
          { id: version.id, version: version.version, firstFile, isPublic },
        )}
      />
    </Section>
  );
}
