import type { FactsSetInput, VersionFactsFragment } from '../../api/operations';
import { tagsToPatch, type TagDraft } from '../models/drafts';

/** The facts that a person can state; metrics come from evaluations, the stage from promotions. */
export const STATED = ['SOURCE_COMMIT', 'TRAINING_DATA', 'HYPER_PARAMETERS', 'ENVIRONMENT'] as const;
export type StatedFact = (typeof STATED)[number];

/** A fact as it is typed: single values by the names of the input's fields, and lines of name and value. */
export interface FactDraft {
  readonly texts: Readonly<Record<string, string>>;
  readonly pairs: readonly TagDraft[];
}

/** What a form begins with: what holds now. */
export function draftOf(fact: StatedFact, facts: VersionFactsFragment): FactDraft {
  switch (fact) {
    case 'SOURCE_COMMIT': {
      const { repository, sha, branch } = facts.sourceCommit;
      return { texts: { repository: repository ?? '', sha: sha ?? '', branch: branch ?? '' }, pairs: [] };
    }
    case 'TRAINING_DATA':
      return { texts: {}, pairs: facts.trainingData.datasets.map(({ name, digest }) => ({ key: name, value: digest ?? '' })) };
    case 'HYPER_PARAMETERS':
      return { texts: {}, pairs: facts.hyperParameters.params.map(({ key, value }) => ({ key, value })) };
    case 'ENVIRONMENT': {
      const { imageDigest, hardware, python, libraries } = facts.environment;
      return {
        texts: { imageDigest: imageDigest ?? '', hardware: hardware ?? '', python: python ?? '' },
        pairs: libraries.map(({ name, version }) => ({ key: name, value: version ?? '' })),
      };
    }
  }
}

type Stated = Pick<FactsSetInput, 'sourceCommit' | 'trainingData' | 'hyperParameters' | 'environment'>;

/** What has to be stated to make `before` into `after`; null takes an entry back. Undefined: nothing. */
export function statementOf(fact: StatedFact, before: FactDraft, after: FactDraft): Stated | undefined {
  const changed = Object.entries(after.texts).filter(([name, text]) => text.trim() !== before.texts[name]);
  const texts = Object.fromEntries(changed.map(([name, text]) => [name, text.trim() || null]));
  const pairs = tagsToPatch(before.pairs, after.pairs);
  if (changed.length === 0 && pairs.length === 0) return undefined;
  switch (fact) {
    case 'SOURCE_COMMIT':
      return { sourceCommit: texts };
    case 'TRAINING_DATA':
      return { trainingData: pairs.map(({ key, value }) => ({ name: key, digest: value })) };
    case 'HYPER_PARAMETERS':
      return { hyperParameters: pairs };
    case 'ENVIRONMENT':
      return { environment: { ...texts, libraries: pairs.map(({ key, value }) => ({ name: key, version: value })) } };
  }
}
