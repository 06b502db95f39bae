"""A SLURM cluster of one node, started from installed programs in a folder of its own."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

#: Where Debian puts the servers, which is on no ordinary person's PATH.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
#: What the node says that it has: more than the machine, so that jobs need not wait for each other.
CPUS, MEMORY_MB = 8, 4000
_PATIENCE = 120.0

_CONFIG = """\
ClusterName=pm
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ReturnToService=2
MessageTimeout=60
KillWait=30
SchedulerParameters=sched_min_interval=100000,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 Port={node_port} CPUs={cpus} RealMemory={memory}
PartitionName=short Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=other Nodes={host} MaxTime=INFINITE State=UP
"""


def lacking() -> str | None:
    """Return why no cluster can be started here; None where it can."""
    missing = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    if not missing:
        return None
    return (
        f"SLURM is not installed ({', '.join(missing)}). On Debian, `dev/slurm` as root installs "
        "munge, slurm-client, slurmctld and slurmd."
    )


class Cluster:
    """munged, slurmctld and slurmd as children of this process; only these are ended again."""

    def __init__(self) -> None:
        # Short: the socket's name must fit into 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="pm-slurm-"))
        self.config = self.folder / "slurm.conf"
        self.environ = {**os.environ, "PATH": _PATH, "SLURM_CONF": str(self.config)}
        self._servers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all three and wait until the node takes jobs."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        ports = _free_ports(2)
        self.config.write_text(
            _CONFIG.format(
                host=socket.gethostname().partition(".")[0],
                user=getpass.getuser(),
                folder=self.folder,
                port=ports[0],
                node_port=ports[1],
                cpus=CPUS,
                memory=MEMORY_MB,
            )
        )
        files = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._serve(
            *("munged", "--force", "--foreground", f"--key-file={key}"),
            *(f"--{option}={self.folder}/munge.{name}" for option, name in files.items()),
        )
        _wait(lambda: (self.folder / "munge.socket").exists())
        self._serve("slurmctld", "-D", "-f", str(self.config))
        self._serve("slurmd", "-D", "-f", str(self.config))
        _wait(lambda: self.ask("sinfo", "-h", "-o", "%t").split()[:1] == ["idle"])

    def ask(self, *words: str) -> str:
        """Run one of SLURM's commands; what it says on its output."""
        done = subprocess.run(
            words, env=self.environ, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout

    def jobs(self) -> dict[str, str]:
        """Every job that has not ended, with its state."""
        lines = self.ask("squeue", "-h", "-o", "%i %T").splitlines()
        return {line.split()[0]: line.split()[1] for line in lines}

    def facts(self, job: str) -> dict[str, str]:
        """What the scheduler still knows about a job."""
        words = self.ask("scontrol", "show", "job", "-o", job).split()
        return {w.partition("=")[0]: w.partition("=")[2] for w in words if "=" in w}

    def stop(self) -> None:
        """End every job, then the servers."""
        try:
            if jobs := self.jobs():
                self.ask("scancel", *jobs)
                _wait(lambda: not self.jobs())
        finally:
            for server in reversed(self._servers):
                server.terminate()
            for server in reversed(self._servers):
                try:
                    server.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self, program: str, *words: str) -> None:
        with open(self.folder / f"{program}.out", "wb") as output:
            self._servers.append(
                subprocess.Popen(
                    [program, *words],
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "SLURM does not get ready"
        time.sleep(0.2)
