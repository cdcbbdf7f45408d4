import type { ConflictFragment, Fact, StatementFragment, VersionFactsFragment } from '../../api/operations';
import type { Translate } from '../../i18n';

/** One of the six facts as it is shown. */
export interface ShownFact {
  readonly fact: Fact;
  /** What it says, each on its own line; empty where nothing is known. */
  readonly lines: readonly { readonly label: string | null; readonly text: string }[];
  readonly statements: readonly StatementFragment[];
  readonly conflicts: readonly ConflictFragment[];
}

/** So many libraries or params are shown; all of them stand in the sources and below metrics. */
const MOST = 8;

/** The six facts in the order in which they answer: which code, on what, how, how well, where, how far. */
export function factsOf(facts: VersionFactsFragment, t: Translate): ShownFact[] {
  const { sourceCommit, trainingData, hyperParameters, metrics, environment, stageOfVersion } = facts;
  return [
    shown('SOURCE_COMMIT', sourceCommit, [
      line(t('versions.repository'), sourceCommit.repository),
      line(t('versions.commit'), sourceCommit.sha),
      line(t('versions.branch'), sourceCommit.branch),
    ]),
    shown(
      'TRAINING_DATA',
      trainingData,
      trainingData.datasets.map(({ name, digest }) => line(null, [name, digest].filter(Boolean).join(' @ '))),
    ),
    shown('HYPER_PARAMETERS', hyperParameters, limited(hyperParameters.params.map(({ key, value }) => line(key, value)), t)),
    shown('METRICS', metrics, metrics.keys.length === 0 ? [] : [line(null, metrics.keys.join(', '))]),
    shown('ENVIRONMENT', environment, [
      line(t('versions.image'), environment.imageDigest),
      line(t('versions.hardware'), environment.hardware),
      line('Python', environment.python),
      ...limited(environment.libraries.map(({ name, version }) => line(name, version)), t),
    ]),
    shown('STAGE', stageOfVersion, [line(null, stageOfVersion.stage)]),
  ];
}

type Line = { readonly label: string | null; readonly text: string | null };

function line(label: string | null, text: string | null): Line {
  return { label, text };
}

function limited(lines: readonly Line[], t: Translate): Line[] {
  const rest = lines.length - MOST;
  return rest > 0 ? [...lines.slice(0, MOST), line(null, t('versions.and_more', { count: rest }))] : [...lines];
}

function shown(
  fact: Fact,
  { statements, conflicts }: { readonly statements: readonly StatementFragment[]; readonly conflicts: readonly ConflictFragment[] },
  lines: readonly Line[],
): ShownFact {
  return {
    fact,
    lines: lines.flatMap(({ label, text }) => (text === null || (text === '' && label === null) ? [] : [{ label, text }])),
    statements,
    conflicts,
  };
}
