import { globalId } from '../../api';

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** How many sides a comparison may have. */
export const MOST_SIDES = 50;

/** What stands between the commas, each once. */
export function listed(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').map((one) => one.trim()).filter((one) => one !== ''))].slice(0, MOST_SIDES);
}

/** Whether a reference is a UUID, as MLflow's clients print it. */
export function isUuid(reference: string): boolean {
  return UUID.test(reference);
}

/** The global id of a candidate of a project by either reference. */
export function candidateId(reference: string, project: number): string {
  if (!isUuid(reference)) return reference;
  const digits = reference.replaceAll('-', '').toLowerCase();
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)];
  return globalId('Candidate', project, parts.join('-'));
}

/** Model and number of `<model>:<number>`; null: it is an id. */
export function versionPath(reference: string): { readonly model: string; readonly reference: string } | null {
  const [, model, number] = /^(.+):#?(\d+)$/.exec(reference) ?? [];
  return model === undefined || number === undefined ? null : { model, reference: `#${number}` };
}
