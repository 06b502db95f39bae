import importlib

import helper

def run():
    first = helper.segment(1)
    importlib.reload(helper)
    return {"t": str([first, helper.segment(2)])}
