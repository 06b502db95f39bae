import copy
import inspect
import pickle
import typing

import helper

def run():
    f = helper.segment
    code = f.__code__
    return {
        "signature": str(inspect.signature(f)),
        "spec": str(inspect.getfullargspec(f)),
        "source": inspect.getsource(f),
        "class source": inspect.getsource(helper.Model),
        "lines": str(inspect.getsourcelines(helper.Model.fit)[1]),
        "comments": inspect.getcomments(f),
        "doc": inspect.getdoc(f) + helper.__doc__,
        "hints": str(typing.get_type_hints(f)),
        "defaults": str((f.__defaults__, helper.Model.fit.__kwdefaults__)),
        "first line": str((code.co_firstlineno, code.co_argcount, code.co_varnames)),
        "file": inspect.getsourcefile(f).rpartition("/")[2],
        "pickled": str(pickle.loads(pickle.dumps(f)) is f),
        "copied": str(copy.deepcopy(f) is f),
        "names": str([n for n in dir(helper) if not n.startswith("__")]),
        "module": str((f.__module__, f.__qualname__, helper.Model.fit.__qualname__)),
        "type": type(f).__name__,
        "result": str(f(1)[0]),
    }
