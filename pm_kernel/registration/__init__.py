"""Registering methods: a folder becomes a version with commit, tag and rows.

examine(settings, request)             what is in a folder, and what would be declared
register(settings, store, request)     the version that the folder is now
create_module(settings, store, name)   a module with its contract
repair(settings, store)                completes what a kill or a lost database interrupted
read_version_from_git(…, tag)          a version's row, read from its commit
"""

from pm_kernel.registration.examine import examine
from pm_kernel.registration.modules import (
    SavedModule,
    create_module,
    ensure_module,
    read_modules_from_git,
)
from pm_kernel.registration.record import register
from pm_kernel.registration.recover import Repaired, adopt, read_version_from_git, repair
from pm_kernel.registration.request import Examined, Registered, RegistrationRequest, Tracking
from pm_kernel.registration.workspace import open_repository

__all__ = [
    "Examined",
    "Registered",
    "RegistrationRequest",
    "Repaired",
    "SavedModule",
    "Tracking",
    "adopt",
    "create_module",
    "ensure_module",
    "examine",
    "open_repository",
    "read_modules_from_git",
    "read_version_from_git",
    "register",
    "repair",
]
