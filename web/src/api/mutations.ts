import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { execute } from './execute';
import { Failure, type UserError } from './failure';
import type { TypedDocument } from './operations';

/** Refused by the server for a reason that a person can mend: the first reason is the message. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(readonly errors: readonly UserError[]) {
    super(errors[0]?.message ?? '');
  }
}

/** What a form needs to send one mutation. */
export interface Sending<Data, Variables> {
  /** Null when it was refused or failed; the reasons stand in `errors` and `failure` then. */
  readonly send: (variables: Variables) => Promise<Data | null>;
  readonly isBusy: boolean;
  /** The server's reasons, until the next attempt. */
  readonly errors: readonly UserError[];
  /** The reason at one field; also one about a part of it, such as `tags.0.value` for `tags`. */
  readonly errorAt: (field: string) => string | undefined;
  /** Reasons about no field of `fields`: for the foot of the form. */
  readonly otherErrors: (fields: readonly string[]) => readonly string[];
  readonly failure: Failure | null;
  readonly reset: () => void;
}

/**
 * Send a mutation from a form.
 *
 * What was asked for by the operations named in `refreshes` (all, if none is named) is asked for again afterwards.
 */
export function useSending<Data extends object, Variables>(
  document: TypedDocument<Data, Variables>,
  refreshes?: readonly string[],
): Sending<Data, Variables> {
  const queries = useQueryClient();
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [failure, setFailure] = useState<Failure | null>(null);
  const mutation = useMutation({
    mutationFn: (variables: Variables) => change(document, variables),
    onSuccess: () => {
      const isMeant = (name: unknown) => refreshes === undefined || refreshes.includes(String(name));
      return queries.invalidateQueries({ predicate: ({ queryKey }) => isMeant(queryKey[0]) });
    },
  });
  const { mutateAsync } = mutation;
  const send = useCallback(
    async (variables: Variables) => {
      setErrors([]);
      setFailure(null);
      try {
        return await mutateAsync(variables);
      } catch (error) {
        if (error instanceof Refused) setErrors(error.errors);
        else setFailure(error instanceof Failure ? error : new Failure('unknown', String(error)));
        return null;
      }
    },
    [mutateAsync],
  );
  const isAt = (error: UserError, field: string) => error.field === field || error.field?.startsWith(`${field}.`) === true;
  return {
    send,
    isBusy: mutation.isPending,
    errors,
    errorAt: (field) => errors.find((error) => isAt(error, field))?.message,
    otherErrors: (fields) =>
      errors.filter((error) => !fields.some((field) => isAt(error, field))).map((error) => error.message),
    failure,
    reset: () => {
      setErrors([]);
      setFailure(null);
    },
  };
}

/**
 * Run one mutation outside a form, such as from a menu.
 *
 * @throws {Refused} Its payload has `userErrors`.
 * @throws {Failure} There is no answer, or it has errors.
 */
export async function change<Data extends object, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const data = await execute(document, variables);
  for (const payload of Object.values(data) as { readonly userErrors?: readonly UserError[] }[]) {
    if (payload.userErrors?.length) throw new Refused(payload.userErrors);
  }
  return data;
}
