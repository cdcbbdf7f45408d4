import type { AuthorFragment, ModelActivityQuery, StageTermFragment, WithdrawalFragment } from '../../api/operations';

/** Something that happened to a model or one of its versions. */
export interface Happening {
  readonly at: string;
  readonly kind:
    | 'model_created'
    | 'version_created'
    | 'version_deleted'
    | 'sealed'
    | 'yanked'
    | 'unyanked'
    | 'deprecated'
    | 'undeprecated'
    | 'entered'
    | 'left'
    | 'alias_set';
  readonly version: string | null;
  /** The stage or the alias. */
  readonly name: string;
  readonly reason: string;
  readonly by: AuthorFragment | string | null;
}

type Model = NonNullable<ModelActivityQuery['model']>;

/** What happened to a model as its parts tell it, newest first. */
export function activityOf(model: Model): Happening[] {
  return newestFirst([
    { at: model.createdAt, kind: 'model_created', version: null, name: '', reason: '', by: model.createdBy },
    ...model.versions.nodes.flatMap(ofVersion),
    ...model.stageHistory.nodes.flatMap(ofStage),
    ...model.aliases.flatMap(({ name, setAt, setBy, modelVersion }): Happening[] =>
      modelVersion ? [{ at: setAt, kind: 'alias_set', version: modelVersion.version, name, reason: '', by: setBy }] : [],
    ),
  ]);
}

/** In the order of a list of news. */
export function newestFirst(happened: readonly Happening[]): Happening[] {
  return [...happened].sort((one, other) => other.at.localeCompare(one.at));
}

function ofVersion(version: Model['versions']['nodes'][number]): Happening[] {
  const about = { version: version.version, name: '', reason: '' };
  const happened: Happening[] = [{ ...about, at: version.createdAt, kind: 'version_created', by: version.createdBy }];
  if (version.deletedAt) happened.push({ ...about, at: version.deletedAt, kind: 'version_deleted', by: version.deletedBy });
  if (version.sealedAt) happened.push({ ...about, at: version.sealedAt, kind: 'sealed', by: version.seal?.sealedBy ?? null });
  return [...happened, ...version.withdrawals.flatMap((withdrawal) => ofWithdrawal(version.version, withdrawal))];
}

/** A version was yanked or deprecated, and maybe brought back. */
export function ofWithdrawal(version: string, withdrawal: WithdrawalFragment): Happening[] {
  const isYank = withdrawal.kind === 'YANK';
  const begun: Happening = {
    at: withdrawal.createdAt,
    kind: isYank ? 'yanked' : 'deprecated',
    version,
    name: '',
    reason: withdrawal.givenReason,
    by: withdrawal.createdBy,
  };
  if (withdrawal.undoneAt === null) return [begun];
  const undone: Happening = {
    at: withdrawal.undoneAt,
    kind: isYank ? 'unyanked' : 'undeprecated',
    version,
    name: '',
    reason: withdrawal.undoneReason ?? '',
    by: withdrawal.undoneBy,
  };
  return [begun, undone];
}

/** A version entered a stage, and maybe left it. */
export function ofStage(term: StageTermFragment): Happening[] {
  const name = term.stage?.name ?? '';
  const about = { version: term.version, name };
  const entered: Happening = { ...about, at: term.setAt, kind: 'entered', reason: term.setReason, by: term.setByName };
  if (term.endedAt === null) return [entered];
  return [entered, { ...about, at: term.endedAt, kind: 'left', reason: term.endReason, by: term.endedByName }];
}
