/** Command ids, and what they take. Menus, palette, launcher, shortcuts and notebooks use these. */

export const CommandIDs = {
  /** Open the list of plans, or bring it to the front. Takes IOpenArgs. */
  openPlans: 'pm:open-plans',
  /** Ask the server again for the list of plans. */
  refreshPlans: 'pm:refresh-plans',
  /** Open a plan. Takes { plan }. */
  openPlan: 'pm:open-plan',
  /** Open a run. Takes { run }. */
  openRun: 'pm:open-run',
  /** Open the log of a run. Takes { run, line? }. */
  openLog: 'pm:open-log',
  /** Open the code of a version, as it was committed. Takes { method, version }. */
  openCode: 'pm:open-code',
  /** Search the logs of all runs. Takes { text? }. */
  searchLogs: 'pm:search-logs',
  /** Run one method now. Takes { method, version?, step? }. */
  runStep: 'pm:run-step',
  /** Show how a run came to be, or what was made of it. Takes { run, direction? }. */
  openLineage: 'pm:open-lineage',
  /** Show how a file was made. Takes { path }; without, what is selected in the file browser. */
  showOrigin: 'pm:show-origin',
  /** Open the graph of the whole database. */
  openEverything: 'pm:open-everything',
  /** Show runs side by side. Takes { runs }. */
  compare: 'pm:compare',

  // --- pipelines that are drawn
  /** Open an empty pipeline. */
  newPipeline: 'pm:new-pipeline',
  /** Open a template, the pipeline of a plan, or a stored draft. Takes one of them. */
  openPipeline: 'pm:open-pipeline',
  /** Add a step to the pipeline in front. Takes method and version; without, they are asked for. */
  addStep: 'pm:add-step',
  savePipeline: 'pm:save-pipeline',
  savePipelineAs: 'pm:save-pipeline-as',
  exportPipeline: 'pm:export-pipeline',
  undoEdit: 'pm:undo',
  redoEdit: 'pm:redo',
  deleteSelection: 'pm:delete-selection',
  copySelection: 'pm:copy-selection',
  cutSelection: 'pm:cut-selection',
  pasteSteps: 'pm:paste-steps',
  duplicateSelection: 'pm:duplicate-selection',
  selectAll: 'pm:select-all-steps',
  clearSelection: 'pm:clear-selection',
  editTitle: 'pm:edit-title',
  /** Put the selected steps in line. Takes how: left, right, top, bottom, columns, rows. */
  align: 'pm:align-steps',
  arrange: 'pm:arrange-steps',
  addComment: 'pm:add-comment',
  addFrame: 'pm:add-frame',
  fit: 'pm:fit-pipeline',
  zoomToSelection: 'pm:zoom-to-selection',
  zoomIn: 'pm:zoom-in',
  zoomOut: 'pm:zoom-out',
  /** Zoom or walk in a graph of runs that has the focus. Takes to, and more. */
  moveInGraph: 'pm:move-in-graph',
  /** Move the selected steps by one step of the grid. Takes dx and dy. */
  nudge: 'pm:nudge-steps',
  /** Select the next step of the drawing. Takes to: left, right, up, down. */
  walk: 'pm:walk-steps',
  /** Select the next comment or frame. Takes back: the one before. */
  walkNotes: 'pm:walk-notes',
  /** Show the runs of the selected step of the plan that is viewed, or hide them again. */
  unfold: 'pm:unfold-step',
  /** Run the method of the selected step now, with the values that the step has. */
  runSelected: 'pm:run-selected-step',
  toggleTable: 'pm:toggle-step-table',
  /** Look at a plan in the pipeline in front. Takes a plan; without, at the draft. */
  viewPlan: 'pm:view-plan',

  // --- palette, samples, branches, preview
  /** Show the left panel: methods, templates, plans and runs. */
  showMethods: 'pm:show-methods',
  /** Look at what a draft would run. Takes a stored plan, or stores what is drawn. */
  openPreview: 'pm:open-preview',
  /** Run what is drawn; the first time it is previewed. */
  runPipeline: 'pm:run-pipeline',
  /** Edit the samples of the pipeline in front. */
  editSamples: 'pm:edit-samples',
  /** Edit the branches of a step of the pipeline in front. Takes a step. */
  editBranches: 'pm:edit-branches',
  /** Choose an earlier run as an input. Takes a step and its input. */
  chooseRun: 'pm:choose-run',
  chooseFile: 'pm:choose-file',
  /** Copy the Python that builds a plan. Takes a plan. */
  copyPython: 'pm:copy-plan-as-python',
  /** Save a plan as a folder that plain Nextflow runs. Takes a plan. */
  exportFolder: 'pm:export-plan',

  // --- plans and what rows are about; `{context: 'run'}` takes what a context menu was opened on
  /** End a plan; asks first. Takes a plan; without, the one in front. */
  cancelPlan: 'pm:cancel-plan',
  /** Run everything of a plan that has no result yet. Takes a plan. */
  resumePlan: 'pm:resume-plan',
  /** Run once more what failed. Takes a plan, and step, sample, run_id, again. */
  retryPlan: 'pm:retry-plan',
  /** Run a run of a plan once more. Takes a run, and its plan. */
  retryRun: 'pm:retry-run',
  /** Copy the address of a run or a plan. Takes one of them. */
  copyLink: 'pm:copy-link',
  /** Show what a template was. Takes a template; without, the one in front, or asks. */
  templateVersions: 'pm:template-versions',
  renameTemplate: 'pm:rename-template',
  deleteTemplate: 'pm:delete-template'
} as const;

/** What the open commands take. */
export interface IOpenArgs {
  /** Whether the tab comes to the front; default true. */
  activate?: boolean;
}

/** The category in launcher and command palette; a product name, so it is not translated. */
export const CATEGORY = 'Research Process Manager';
