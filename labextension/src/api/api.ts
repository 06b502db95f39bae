/** The way to the server half, shared by all plugins. */

import type { ServerConnection } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IApi } from '../tokens';
import { HalfProblem } from './errors';
import { addressOf, openSocket, request, requestBytes } from './request';
import type { IStatus } from './status';
import { API_LEVEL } from './status';

export class Api implements IApi {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  get halfProblem(): ISignal<IApi, HalfProblem> {
    return this._halfProblem;
  }

  async request<T>(path: string, init: RequestInit = {}): Promise<T> {
    try {
      return await request<T>(path, init, this._settings);
    } catch (error) {
      throw this._noticed(error);
    }
  }

  async bytes(path: string, init: RequestInit = {}): Promise<ArrayBuffer> {
    try {
      return await requestBytes(path, init, this._settings);
    } catch (error) {
      throw this._noticed(error);
    }
  }

  url(path: string): string {
    return addressOf(path, this._settings);
  }

  socket(path: string): WebSocket {
    return openSocket(path, this._settings);
  }

  async status(quiet = false): Promise<IStatus> {
    const status = quiet
      ? await request<IStatus>('status', {}, this._settings)
      : await this.request<IStatus>('status');
    if (status.api_level !== API_LEVEL) {
      const problem = new HalfProblem(status.api_level < API_LEVEL ? 'older' : 'newer');
      throw quiet ? problem : this._noticed(problem);
    }
    return status;
  }

  private _noticed(error: unknown): unknown {
    if (error instanceof HalfProblem) {
      this._halfProblem.emit(error);
    }
    return error;
  }

  private readonly _halfProblem = new Signal<IApi, HalfProblem>(this);
}
