/** `pm/api/nextflow`: whether what runs plans is there, or how much of it was fetched. */

import type { IApi } from '../tokens';
import type { Got } from './answers';

export type NextflowState = Got<'/nextflow'>;

export async function nextflowState(api: IApi): Promise<NextflowState> {
  return api.request<NextflowState>('nextflow');
}
