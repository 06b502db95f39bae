/** The commands of the pipelines that are drawn. */

import type { IContext } from './acting';
import { addEditing } from './editing_commands';
import { addOpening } from './opening_commands';
import { addSaving } from './saving_commands';
import { addSeeing } from './seeing_commands';

export function addCommands(context: IContext): void {
  addOpening(context);
  addSaving(context);
  addEditing(context);
  addSeeing(context);
}
