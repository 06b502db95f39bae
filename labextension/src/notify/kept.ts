/** The plans that were active at the last look, kept in this browser over a reload. */

import { PageConfig } from '@jupyterlab/coreutils';

function key(): string {
  return `research-process-manager:active-plans:${PageConfig.getBaseUrl()}`;
}

export function keep(plans: readonly number[]): void {
  try {
    localStorage.setItem(key(), JSON.stringify(plans));
  } catch {
    // Without room to keep it, a reload says nothing of what happened meanwhile.
  }
}

export function kept(): number[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(key()) ?? '[]');
    return Array.isArray(known)
      ? known.filter((each): each is number => typeof each === 'number').slice(0, 100)
      : [];
  } catch {
    return [];
  }
}
