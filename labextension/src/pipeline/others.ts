/** Commands of other folders that the pipeline's screens offer, where they are there. */

export const OtherCommands = {
  editSamples: 'pm:edit-samples',
  openPreview: 'pm:open-preview',
  runPipeline: 'pm:run-pipeline',
  runStep: 'pm:run-step',
  openPlan: 'pm:open-plan'
} as const;
