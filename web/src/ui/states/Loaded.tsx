import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asFailure } from '../../api/failure';
import { Problem } from './Problem';
import { Skeleton } from './Skeleton';

export interface LoadedProps<Data> {
  readonly query: Pick<UseQueryResult<Data, Error>, 'data' | 'error' | 'refetch' | 'isPending'>;
  /** What is shown until there is an answer; lines if nothing is given. */
  readonly skeleton?: ReactNode;
  readonly children: (data: NonNullable<Data>) => ReactNode;
}

/** The answer of a query; what was read before stays when a later attempt fails, with the reason above it. */
export function Loaded<Data>({ query, skeleton = <Skeleton rows={6} />, children }: LoadedProps<Data>) {
  const retry = () => void query.refetch();
  const { data, error } = query;
  if (data === undefined || data === null) {
    return error ? <Problem failure={asFailure(error)} onRetry={retry} /> : skeleton;
  }
  return (
    <>
      {error && <Problem failure={asFailure(error)} onRetry={retry} inline />}
      {children(data)}
    </>
  );
}
