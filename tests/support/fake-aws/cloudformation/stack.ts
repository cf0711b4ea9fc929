import type { Json, JsonObject } from '../json.ts';
import type { Template } from './template.ts';

/** A resource that stands. */
export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** Every function resolved. */
  readonly properties: JsonObject;
  /** Beside those that follow from the rest. */
  readonly attributes: JsonObject;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
  readonly status: string;
}

export interface StackEvent {
  readonly id: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly time: string;
}

export interface ChangeSet {
  readonly name: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly templateText: string;
  readonly template: Template;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly changes: readonly Change[];
  /** Why it cannot be executed. */
  readonly problem: string | undefined;
}

export interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly physicalId: string | undefined;
  readonly type: string;
  readonly properties: readonly PropertyChange[];
}

export interface PropertyChange {
  readonly name: string;
  readonly recreation: 'Always' | 'Conditionally' | 'Never';
}

export interface Stack {
  readonly name: string;
  readonly id: string;
  readonly created: string;
  status: string;
  statusReason: string | undefined;
  templateText: string;
  template: Template | undefined; // none until the first change set is executed
  parameters: Readonly<Record<string, Json>>;
  tags: Readonly<Record<string, string>>;
  outputs: readonly Output[];
  terminationProtection: boolean;
  readonly resources: Map<string, StackResource>;
  /** Names of other stacks' exports. */
  readonly imports: Set<string>;
  readonly events: StackEvent[];
  readonly changeSets: Map<string, ChangeSet>;
}

export interface Output {
  readonly key: string;
  readonly value: string;
  readonly exportName: string | undefined;
}
