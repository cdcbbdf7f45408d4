import type { CandidateQuery } from '../../../api/operations';
import type { CANDIDATE_TABS } from '../../../routes/candidates';

/** A candidate as its page has it. */
export type CandidateDetails = NonNullable<CandidateQuery['candidate']>;

/** A tab of its page. */
export type TabName = (typeof CANDIDATE_TABS)[number];

/** The tag in which MLflow keeps a description. */
export const NOTE_TAG = 'mlflow.note.content';

/** Metrics of the machine and not of the model begin so. */
export const SYSTEM_PREFIX = 'system/';

/** The value of a tag; null where there is none. */
export function tagOf({ tags }: Pick<CandidateDetails, 'tags'>, key: string): string | null {
  return tags.find((tag) => tag.key === key)?.value ?? null;
}
