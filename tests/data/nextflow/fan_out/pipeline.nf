// Plan 7, launch 3. Generated, for this launch only.

process S01_A {
    tag "${id}"
    errorStrategy 'ignore'
    scratch false
    beforeScript "'/opt/pm/bin/pm' register_run --planned ${id} --launch 3 --plan 7 --attempt ${task.attempt} --workspace '/data/project' --task-dir \"\$PWD\""
    afterScript "'/opt/pm/bin/pm' complete_run --task-dir \"\$PWD\" --exit \${nxf_main_ret:-0} --limit ${task.time ? task.time.toMillis() : 0}"

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
    errorStrategy 'ignore'
    scratch false
    beforeScript "'/opt/pm/bin/pm' register_run --planned ${id} --launch 3 --plan 7 --attempt ${task.attempt} --workspace '/data/project' --task-dir \"\$PWD\""
    afterScript "'/opt/pm/bin/pm' complete_run --task-dir \"\$PWD\" --exit \${nxf_main_ret:-0} --limit ${task.time ? task.time.toMillis() : 0}"

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

process S03_C {
    tag "${id}"
    errorStrategy 'ignore'
    scratch false
    beforeScript "'/opt/pm/bin/pm' register_run --planned ${id} --launch 3 --plan 7 --attempt ${task.attempt} --workspace '/data/project' --task-dir \"\$PWD\""
    afterScript "'/opt/pm/bin/pm' complete_run --task-dir \"\$PWD\" --exit \${nxf_main_ret:-0} --limit ${task.time ? task.time.toMillis() : 0}"

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

    S03_C(
        edges.filter { row -> row.step == 'S03_C' }
            .map { row -> tuple(row.parent, row.child, row.n as Integer) }
            .combine(S01_A.out, by: 0)
            .map { parent, child, n, run -> tuple(groupKey(child, n), "${parent}=${run}".toString()) }
            .groupTuple(sort: true)
            .map { child, runs -> tuple(child.toString(), runs) }
    )
}
