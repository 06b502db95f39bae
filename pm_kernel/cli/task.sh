# Sourced by the wrapper of a task, which is bash: `. task.sh COMMAND…` has a command of pm done.
#
# Starting Python costs several times what recording does, so the shell itself asks the supervisor
# of the plan (running/shell_door.py). Where that is not possible, or nobody answers, the command
# is run, which does the same: with the same uuid, so that what was begun is begun once.
#
# It asks in a subshell, which leaves this one as it is, and sets nothing but names of its own: what
# is sent along is the environment that the command would have.

_pm_ask() {
    local -A _pm_given=()
    # Only Linux tells what is read here, and only bash from 4 on can do all of it.
    ((BASH_VERSINFO[0] >= 4)) || return 1
    while (($#)) && [[ $1 != register_run && $1 != complete_run ]]; do shift; done
    _pm_call=${1%_run}
    shift
    while (($# > 1)); do
        _pm_given[${1#--}]=$2
        shift 2
    done
    if [[ $_pm_call == register ]]; then
        _pm_workspace=${_pm_given[workspace]-}
        _pm_folder=$_pm_workspace/.runs/plans/${_pm_given[plan]-}/recorder
    else
        # Whether a time limit ended it is a longer story.
        [[ ${_pm_given[exit]-} == 0 || ${_pm_given[limit]-0} == 0 ]] || return 1
        {
            IFS= read -r _pm_uuid && IFS= read -r _pm_workspace && IFS= read -r _pm_folder
        } <"${_pm_given[task-dir]-}/.pm_uuid" || return 1
    fi
    [[ $_pm_uuid == *-*-*-*-* && -O $_pm_folder && -O $_pm_folder/door ]] || return 1
    {
        IFS= read -r _pm_port && IFS= read -r _pm_ours && IFS= read -r _pm_theirs &&
            IFS= read -r _pm_boot
    } <"$_pm_folder/door" || return 1
    IFS= read -r _pm_here </proc/sys/kernel/random/boot_id || return 1
    [[ $_pm_boot == "$_pm_here" ]] || return 1
    IFS= read -r _pm_line <"/proc/$$/stat" || return 1
    # Its 22nd field, counted behind the name: when this shell began.
    IFS=' ' read -r -a _pm_stat <<<"${_pm_line##*) }"
    exec 9<>"/dev/tcp/127.0.0.1/$_pm_port" || return 1
    printf 'hello %s\n' "$_pm_ours" >&9 || return 1
    # Nothing is asked of one that does not open: it may be stopped, and find us gone later.
    IFS= read -r -t "${PM_RECORDER_PATIENCE:-10}" -u 9 _pm_line || return 1
    [[ $_pm_line == "ready $_pm_theirs" ]] || return 1
    printf '%s\0' "call=$_pm_call" "uuid=$_pm_uuid" "wrapper=$$" "start=${_pm_stat[19]}" \
        "workspace=$_pm_workspace" "task_dir=${_pm_given[task-dir]-}" "recorder=$_pm_folder" \
        "planned=${_pm_given[planned]-}" "launch=${_pm_given[launch]-}" \
        "attempt=${_pm_given[attempt]-}" "exit=${_pm_given[exit]-}" '' >&9 || return 1
    command env -0 >&9 || return 1
    printf '\0' >&9 || return 1
    # Asked, it is waited for until it has answered or is dead: a year, where a TMOUT of the site
    # would end it while the supervisor still works.
    IFS=' ' read -r -t 31536000 -u 9 -a _pm_line || return 1
    [[ ${_pm_line[0]-} == done && ${#_pm_line[@]} == 4 ]] || return 1
    # What follows is counted in bytes.
    LC_ALL=C
    _pm_said='' _pm_out=''
    ((_pm_line[2] == 0)) || IFS= read -r -t 31536000 -N "${_pm_line[2]}" -u 9 _pm_said ||
        return 1
    ((_pm_line[3] == 0)) || IFS= read -r -t 31536000 -N "${_pm_line[3]}" -u 9 _pm_out ||
        return 1
    # 130: its plan was cancelled.
    ((_pm_line[1] == 130 || (_pm_line[1] >= 0 && _pm_line[1] < 32))) || return 1
    printf '%s' "$_pm_said" >&8
    printf '%s' "$_pm_out"
    return $((64 + _pm_line[1]))
}

_pm_uuid='' _pm_code=0 _pm_registers=''
for _pm_word in "$@"; do
    if [[ $_pm_word == register_run ]]; then _pm_registers=yes; fi
done
{ IFS= read -r _pm_uuid </proc/sys/kernel/random/uuid; } 2>/dev/null || _pm_uuid=''
(
    exec 8>&2 2>/dev/null
    # What is ours is no part of the environment, whatever the site has set.
    set +a
    _pm_ask "$@"
) || _pm_code=$?
# Answered with 0 it is 64, with 1 it is 65, …, with 130 it is 194, which no signal makes.
if (((_pm_code >= 64 && _pm_code < 96) || _pm_code == 194)); then
    _pm_code=$((_pm_code - 64))
elif ((_pm_code > 128 && _pm_code != 141)); then
    # Killed while it asked, which may be done by now: nobody asks beside it. 141 is a closed door.
    :
# Anything else is no answer, of whatever kind.
elif [[ -n $_pm_registers && -n $_pm_uuid ]]; then
    _pm_code=0
    "$@" --uuid "$_pm_uuid" || _pm_code=$?
else
    _pm_code=0
    "$@" || _pm_code=$?
fi
return "$_pm_code"
