/** What a pipeline tab loads when it is first seen: one chunk. */

export { TemplateConflict } from './conflict';
export { PipelineModel } from './model';
export { PipelinePanel } from './panel';
export { UnsavedWork } from './unsaved';
