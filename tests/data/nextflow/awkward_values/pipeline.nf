// Plan 7, launch 3. Generated, for this launch only.

process S01_A {
    tag "${id}"
    cpus 4
    memory '2.5 GB'
    time '1h 30m'
    queue 'short,long'
    container 'registry.example/lab/cells:1.2@sha256:ab'
    accelerator 1
    clusterOptions '--account=\'lab\' --comment="$(id) `id` \\ it\'s"'
    label 'gpu'
    module 'samtools/1.21:R/4.4'
    containerOptions '--shm-size 1g \'--env\' \'A=it is; rm -rf /\' \'--gpus\' \'all\' -v \'/data/it\'\\\'\'s $x:/data/it\'\\\'\'s $x\' -v \'/scratch:/scratch\' -u \'1000:100\''
    resourceLimits cpus: 8, memory: '17179869184 B'
    errorStrategy { task.attempt <= 2 ? 'retry' : 'ignore' }
    maxRetries 2
    scratch false
    beforeScript "eval 'module load R # it'\\''s\nexport A=\"\${B}\" \\'\nexport PM_TASK_IMAGE='registry.example/lab/cells:1.2@sha256:ab'\n. '/opt/it'\\''s \$(x)/task.sh' '/opt/it'\\''s \"pm\"/pm' '--verbose' register_run --planned ${id} --launch 3 --plan 7 --attempt ${task.attempt} --workspace '/data/\$HOME `x` \\n Zürich' --task-dir \"\$PWD\""
    afterScript ". '/opt/it'\\''s \$(x)/task.sh' '/opt/it'\\''s \"pm\"/pm' '--verbose' complete_run --task-dir \"\$PWD\" --exit \${nxf_main_ret:-0} --limit ${task.time ? task.time.toMillis() : 0}"

    input:
    tuple val(id), val(parents)

    output:
    tuple val(id), env('PM_RUN_ID')

    script:
    """
    read -r PM_RUN_ID < .pm_run_id || exit 1
    sh ./.pm-run.sh || exit \$?
    """
}

process S02_B {
    tag "${id}"
    containerOptions '--shm-size 1g -v \'/data/it\'\\\'\'s $x:/data/it\'\\\'\'s $x\' -v \'/scratch:/scratch\' -u \'1000:100\''
    resourceLimits cpus: 8, memory: '17179869184 B'
    errorStrategy 'ignore'
    scratch false
    beforeScript "eval 'module load R # it'\\''s\nexport A=\"\${B}\" \\'\n. '/opt/it'\\''s \$(x)/task.sh' '/opt/it'\\''s \"pm\"/pm' '--verbose' register_run --planned ${id} --launch 3 --plan 7 --attempt ${task.attempt} --workspace '/data/\$HOME `x` \\n Zürich' --task-dir \"\$PWD\""
    afterScript ". '/opt/it'\\''s \$(x)/task.sh' '/opt/it'\\''s \"pm\"/pm' '--verbose' complete_run --task-dir \"\$PWD\" --exit \${nxf_main_ret:-0} --limit ${task.time ? task.time.toMillis() : 0}"

    input:
    tuple val(id), val(parents)

    output:
    tuple val(id), env('PM_RUN_ID')

    script:
    """
    read -r PM_RUN_ID < .pm_run_id || exit 1
    sh ./.pm-run.sh || exit \$?
    """
}

workflow {
    tasks = channel.fromPath("${projectDir}/tasks.tsv", glob: false).splitCsv(header: true, sep: '\t')
    edges = channel.fromPath("${projectDir}/edges.tsv", glob: false).splitCsv(header: true, sep: '\t')

    S01_A(
        tasks.filter { row -> row.step == 'S01_A' && row.n == '0' }
            .map { row -> tuple(row.id, []) }
    )

    S02_B(
        edges.filter { row -> row.step == 'S02_B' }
            .map { row -> tuple(row.parent, row.child, row.n as Integer) }
            .combine(S01_A.out, by: 0)
            .map { parent, child, n, run -> tuple(groupKey(child, n), "${parent}=${run}".toString()) }
            .groupTuple(sort: true)
            .map { child, runs -> tuple(child.toString(), runs) }
    )
}
