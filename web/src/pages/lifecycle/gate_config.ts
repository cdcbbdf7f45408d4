import type { Json } from '../../api/operations';

/** The data of a gate: an object whose keys its kind's schema names. */
export type GateConfig = { [key: string]: Json };

/** How a key of a gate's data is entered. */
export type ConfigField =
  | { readonly kind: 'text' | 'number' | 'flag' | 'texts' | 'json'; readonly key: string; readonly isRequired: boolean }
  | { readonly kind: 'choice'; readonly key: string; readonly isRequired: boolean; readonly words: readonly string[] };

/** The part of a JSON schema that says how a form asks for a value. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: Json;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The fields of a kind of gates, from the JSON schema that `gateKinds` answers. */
export function fieldsOf(schema: Json): ConfigField[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([key, property]) => fieldOf(key, property, required.includes(key)));
}

function fieldOf(key: string, property: Schema, isRequired: boolean): ConfigField {
  const schema = property.anyOf?.find(({ type }) => type !== 'null') ?? property;
  if (schema.enum) return { kind: 'choice', key, isRequired, words: schema.enum };
  if (schema.type === 'boolean') return { kind: 'flag', key, isRequired };
  if (schema.type === 'number' || schema.type === 'integer') return { kind: 'number', key, isRequired };
  if (schema.type === 'string') return { kind: 'text', key, isRequired };
  if (schema.type === 'array' && schema.items?.type === 'string') return { kind: 'texts', key, isRequired };
  return { kind: 'json', key, isRequired };
}

/** What a new gate of a kind begins with. */
export function defaultsOf(schema: Json): GateConfig {
  const { properties = {} } = schema as Schema;
  const given = Object.entries(properties).filter(([, property]) => property.default != null);
  return Object.fromEntries(given.map(([key, property]) => [key, property.default ?? null]));
}
