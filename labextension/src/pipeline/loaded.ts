/** What a pipeline tab loads when it is first seen: one chunk. */

export { PipelineModel, TemplateConflict } from './model';
export { PipelinePanel } from './panel';
export { UnsavedWork } from './unsaved';
