import { useQuery } from '@tanstack/react-query';
import { query } from '../../api';
import { PromotionCheckedDocument } from '../../api/operations';
import { Loaded } from '../../ui';
import { Verdicts } from './Verdicts';

/** The rules of a stage as they stand for a version now. */
export function CurrentVerdicts({ version, stage }: { readonly version: string; readonly stage: string }) {
  const check = useQuery(query(PromotionCheckedDocument, { version, stage }));
  return <Loaded query={check}>{(data) => <Verdicts verdicts={data.promotionCheck?.verdicts ?? []} />}</Loaded>;
}
