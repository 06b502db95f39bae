"""What call sites pass: the value expected at a parameter before anything has run.

Every direct call in every file counts, and functions handed on with keywords
(``partial(f, t=0.7)``, ``delayed(f)(x, t=0.2)``, ``pool.submit(f, x, t=0.2)``). Same literal
everywhere: that literal. Anything else: computed. It is an expectation, shown in forms and compared
with what arrives; the record of a run never depends on it.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pm_kernel.domain.canonical import NotLiteral, canonical, is_described, literal_value
from pm_kernel.domain.methods import ENTRY_FILE, ParamDef
from pm_kernel.scan.functions import is_bound, is_classmethod, special_number
from pm_kernel.scan.model import CallSite, ScannedFunction
from pm_kernel.scan.names import (
    Definition,
    Project,
    Scope,
    ScopeNode,
    SourceModule,
    all_arguments,
    dotted_parts,
)

#: A call leaves the parameter to its default.
_DEFAULT = object()
#: A call passes something that only the running code knows.
_UNKNOWN = object()

Evidence = str | object


@dataclass(frozen=True, slots=True)
class _Context:
    """Where in a file a node lies."""

    #: Functions around it, innermost last.
    functions: tuple[ScopeNode, ...] = ()
    owner: ast.ClassDef | None = None
    qualname: str = ""


@dataclass(slots=True)
class _Target:
    """A function of ours as a call reaches it; ``skip``: arguments that the call does not write."""

    definition: Definition
    skip: int = 0


@dataclass(slots=True)
class CallEvidence:
    """What all files together say about the arguments of each function."""

    #: (file, qualname) -> parameter -> everything passed
    passed: dict[tuple[str, str], dict[str, list[Evidence]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    calls: list[CallSite] = field(default_factory=list)
    #: Names of methods called on objects whose class is unknown.
    unknown_methods: set[str] = field(default_factory=set)

    def applied(self, function: ScannedFunction) -> ScannedFunction:
        """The function with what its call sites say."""
        passed = self.passed.get((function.file, function.qualname), {})
        unknown = "." in function.qualname and (
            function.qualname.rpartition(".")[2] in self.unknown_methods
        )
        params = []
        for param in function.params:
            evidence = list(passed.get(param.name, ()))
            params.append(_concluded(param, [*evidence, _UNKNOWN] if unknown else evidence))
        return replace(function, params=tuple(params))


def _concluded(param: ParamDef, evidence: Sequence[Evidence]) -> ParamDef:
    texts = {each for each in evidence if isinstance(each, str)}
    explicit = bool(texts)
    if _DEFAULT in evidence and param.default is not None:
        texts.add(param.default)
    unread_default = _DEFAULT in evidence and param.default is None and explicit
    if _UNKNOWN in evidence or len(texts) > 1 or unread_default:
        return replace(param, computed=True)
    return replace(param, call_site=next(iter(texts))) if explicit else param


def collect(project: Project, entry_is_script: bool) -> CallEvidence:
    """Read every call of every file."""
    evidence = CallEvidence()
    for module in project.by_path.values():
        _Reader(project, module, evidence, entry_is_script).read()
    return evidence


class _Reader:
    """One pass over one file."""

    def __init__(
        self, project: Project, module: SourceModule, evidence: CallEvidence, is_script: bool
    ) -> None:
        self._project = project
        self._module = module
        self._evidence = evidence
        self._reads_main = is_script and module.path == ENTRY_FILE
        self._scopes: dict[ScopeNode, Scope] = {module.tree: module.scope}
        self._assigned: dict[ScopeNode, dict[str, list[ast.Call]]] = {}

    def read(self) -> None:
        stack: list[tuple[ast.AST, _Context]] = [(self._module.tree, _Context())]
        while stack:
            node, context = stack.pop()
            if isinstance(node, ast.Call):
                self._call(node, context)
            if _is_main_guard(node) and not self._reads_main:
                continue  # demonstration code: an imported file does not run it
            inner = self._inside(node, context)
            stack.extend((child, inner) for child in ast.iter_child_nodes(node))

    def _inside(self, node: ast.AST, context: _Context) -> _Context:
        if isinstance(node, ast.ClassDef):
            return _Context(context.functions, node, f"{context.qualname}{node.name}.")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{context.qualname}{node.name}.<locals>."
            return _Context((*context.functions, node), context.owner, name)
        if isinstance(node, ast.Lambda):
            return replace(context, functions=(*context.functions, node))
        return context

    def _call(self, call: ast.Call, context: _Context) -> None:
        target = self._target(call.func, context)
        if target is not None:
            self._direct(call, target, context)
        elif isinstance(call.func, ast.Attribute) and not self._is_external(call.func):
            self._evidence.unknown_methods.add(call.func.attr)
        for argument in call.args:
            handed_on = self._target(argument, context)
            if handed_on is not None and call.keywords:
                self._handed_on(call, handed_on, context)

    def _direct(self, call: ast.Call, target: _Target, context: _Context) -> None:
        definition = target.definition
        if context.qualname.startswith(f"{definition.qualname}.<locals>.") and (
            definition.path == self._module.path
        ):
            return  # recursion keeps the values that came from outside
        self._evidence.calls.append(
            CallSite(self._module.path, call.lineno, definition.path, definition.qualname)
        )
        passed = self._evidence.passed[(definition.path, definition.qualname)]
        for name, evidence in self._arguments(call, target, context):
            passed[name].append(evidence)

    def _arguments(
        self, call: ast.Call, target: _Target, context: _Context
    ) -> Iterator[tuple[str, Evidence]]:
        node = target.definition.node
        assert not isinstance(node, ast.ClassDef)
        positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][target.skip :]
        given: dict[str, Evidence] = {}
        open_positions = False
        for index, argument in enumerate(call.args):
            if isinstance(argument, ast.Starred):
                open_positions = True
                given.update((name, _UNKNOWN) for name in positional[index:] if name not in given)
                break
            if index < len(positional):
                given[positional[index]] = self._evidence_of(argument, context)
        open_keywords = False
        for keyword in call.keywords:
            if keyword.arg is None:
                open_keywords = True
            else:
                given[keyword.arg] = self._evidence_of(keyword.value, context)
        for argument_node in all_arguments(node.args):
            name = argument_node.arg
            if name in given:
                yield name, given[name]
            elif open_keywords or (open_positions and name in positional):
                yield name, _UNKNOWN
            else:
                yield name, _DEFAULT

    def _handed_on(self, call: ast.Call, target: _Target, context: _Context) -> None:
        definition = target.definition
        assert not isinstance(definition.node, ast.ClassDef)
        names = {arg.arg for arg in all_arguments(definition.node.args)}
        passed = self._evidence.passed[(definition.path, definition.qualname)]
        for keyword in call.keywords:
            if keyword.arg in names:
                passed[keyword.arg].append(self._evidence_of(keyword.value, context))

    def _evidence_of(self, node: ast.expr, context: _Context) -> Evidence:
        def resolve(inner: ast.expr) -> object:
            known = special_number(self._module, inner)
            if known is not None:
                return known
            if isinstance(inner, ast.Name):
                return self._constant(inner.id, context)
            raise NotLiteral("computed")

        try:
            text = canonical(literal_value(node, resolve))
        except NotLiteral:
            return _UNKNOWN
        return _UNKNOWN if is_described(text) else text

    def _constant(self, name: str, context: _Context) -> object:
        for function in reversed(context.functions):
            if name in self._names(function):
                return self._scope(function).constant(name)
        return self._project.constant(self._module, name)

    def _target(self, node: ast.expr, context: _Context) -> _Target | None:
        """The function of ours that is called by ``node``; None where it is none or unknown."""
        match node:
            case ast.Call(func=wrapper, args=[ast.Name() | ast.Attribute() as inner], keywords=[]):
                # delayed(f)(…): the outer call carries f's arguments
                ours = self._project.find(self._module, dotted_parts(wrapper))
                return self._target(inner, context) if ours is None else None
        parts = dotted_parts(node)
        if not parts:
            return self._on_instance(node, context)
        if len(parts) == 2 and parts[0] in ("self", "cls") and context.owner is not None:
            return self._bound(self._class(context.owner), parts[1])
        local = self._instance_class(parts[0], context)
        if len(parts) == 2 and local is not None:
            return self._bound(local, parts[1])
        if any(parts[0] in self._names(function) for function in context.functions):
            return None  # a local variable, whatever else has that name
        return self._called(self._project.find(self._module, parts))

    def _names(self, function: ScopeNode) -> set[str]:
        return self._scope(function).variables

    def _scope(self, node: ScopeNode) -> Scope:
        if node not in self._scopes:
            self._scopes[node] = Scope(node)
        return self._scopes[node]

    def _called(self, definition: Definition | None) -> _Target | None:
        if definition is None:
            return None
        if isinstance(definition.node, ast.ClassDef):
            return self._bound(definition, "__init__")
        skip = 1 if is_bound(definition) and is_classmethod(definition) else 0
        return _Target(definition, skip)

    def _bound(self, owner: Definition | None, name: str) -> _Target | None:
        method = self._project.method_of(owner, name) if owner is not None else None
        if method is None or isinstance(method.node, ast.ClassDef):
            return None
        return _Target(method, 1 if is_bound(method) else 0)

    def _class(self, node: ast.ClassDef) -> Definition | None:
        for definition in self._module.definitions:
            if definition.node is node:
                return definition
        return None

    def _on_instance(self, node: ast.expr, context: _Context) -> _Target | None:
        """``Model(…).fit`` : a method of the class just called."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
            return None
        return self._bound(self._class_called(node.value, context), node.attr)

    def _class_called(self, call: ast.Call, context: _Context) -> Definition | None:
        parts = dotted_parts(call.func)
        if not parts or any(parts[0] in self._names(each) for each in context.functions):
            return None
        found = self._project.find(self._module, parts)
        return found if found is not None and isinstance(found.node, ast.ClassDef) else None

    def _instance_class(self, name: str, context: _Context) -> Definition | None:
        """The class of a variable, where every assignment of it in reach calls that class."""
        around: ScopeNode = self._module.tree
        for function in reversed(context.functions):
            if name in self._names(function):
                around = function
                break
        if around not in self._assigned:
            self._assigned[around] = _assigned_calls(around)
        found: Definition | None = None
        for call in self._assigned[around].get(name, ()):
            owner = self._class_called(call, replace(context, functions=()))
            if owner is None or (found is not None and owner is not found):
                return None
            found = owner
        return found

    def _is_external(self, node: ast.Attribute) -> bool:
        """``np.fit``: a function of an installed package, so certainly none of ours."""
        parts = dotted_parts(node)
        return bool(parts) and parts[0] in self._module.imports


def _assigned_calls(scope: ScopeNode) -> dict[str, list[ast.Call]]:
    """Names that are bound to the results of calls, and to nothing else."""
    calls: dict[str, list[ast.Call]] = defaultdict(list)
    stores: Counter[str] = Counter()
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stores[node.id] += 1
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                calls[name].append(call)
    return {name: found for name, found in calls.items() if len(found) == stores[name]}


def _is_main_guard(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()])):
            return True
    return False
