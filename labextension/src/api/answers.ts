/** The types of answers, as the description of the server half has them. */

import type { paths } from './schema';

interface IJson<T> {
  content: { 'application/json': T };
}

/** What `GET` of an address of the description answers. */
export type Got<P extends keyof paths> = paths[P] extends {
  readonly get: { readonly responses: { readonly 200: IJson<infer T> } };
}
  ? T
  : never;

/** What `POST` to an address of the description answers. */
export type Posted<P extends keyof paths> = paths[P] extends {
  readonly post: { readonly responses: { readonly 200: IJson<infer T> } };
}
  ? T
  : paths[P] extends { readonly post: { readonly responses: { readonly 201: IJson<infer T> } } }
    ? T
    : never;

/** What a query may be made of; what is undefined or null is left out, lists are repeated. */
export type Query = Record<
  string,
  string | number | boolean | readonly string[] | null | undefined
>;

/** A path with its query. */
export function withQuery(path: string, query: Query): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) {
      continue;
    }
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value]) {
      words.append(name, String(each));
    }
  }
  const text = words.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A request with a JSON body. */
export function sending(method: 'POST' | 'PUT' | 'PATCH', body: unknown): RequestInit {
  return { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}
