import inspect

import helper

def run():
    helper.count(5)  # never started
    return {"got": str(list(helper.count(2))), "is": str(inspect.isgeneratorfunction(helper.count))}
