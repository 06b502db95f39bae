/** Commands of other folders that the pipeline's screens offer, where they are there. */

export const OtherCommands = {
  editSamples: 'pm:edit-samples',
  editBranches: 'pm:edit-branches',
  chooseRun: 'pm:choose-run',
  copyPython: 'pm:copy-plan-as-python',
  exportFolder: 'pm:export-plan',
  openPreview: 'pm:open-preview',
  runPipeline: 'pm:run-pipeline',
  runStep: 'pm:run-step',
  openPlan: 'pm:open-plan',
  templateVersions: 'pm:template-versions'
} as const;
