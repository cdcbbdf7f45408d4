export { execute, OWN_PAGE, type DataOf, type VariablesOf } from './execute';
export { asFailure, Failure, type FailureKind, type UserError } from './failure';
export { globalId } from './global_id';
export { useLive, useSubscription } from './live';
export { change, Refused, useSending, type Sending } from './mutations';
export { newQueryClient, pages, query, usePages, type Connection, type Pages } from './queries';
export { isSessionEnded, setSessionEnded, watchSession } from './session';
